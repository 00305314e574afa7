; Scala 2 and 3

; Types
(class_definition "case" name: (_) @name) @definition.record
(class_definition name: (_) @name) @definition.class
(trait_definition name: (_) @name) @definition.trait
(enum_definition name: (_) @name) @definition.enum
(simple_enum_case name: (_) @name) @definition.variant
(full_enum_case name: (_) @name) @definition.variant
(object_definition name: (_) @name) @definition.object
(package_object name: (_) @name) @definition.object
(type_definition name: (_) @name) @definition.type
(given_definition name: (_) @name) @definition.implementation

(extension_definition parameters: (parameters (parameter type: (type_identifier) @name))) @definition.extension
(extension_definition parameters: (parameters (parameter type: (generic_type type: (type_identifier) @name)))) @definition.extension

; Functions; an abstract one is its own definition.
(template_body [(function_definition name: (_) @name) (function_declaration name: (_) @name)] @definition.method)
(with_template_body [(function_definition name: (_) @name) (function_declaration name: (_) @name)] @definition.method)
(enum_body (function_definition name: (_) @name) @definition.method)
(function_definition name: (_) @name) @definition.function
(function_declaration name: (_) @name) @definition.function

; Values of objects, of other templates and of files
(object_definition body: (template_body (val_definition pattern: (identifier) @name) @definition.constant))
(package_object body: (template_body (val_definition pattern: (identifier) @name) @definition.constant))
(template_body [
  (val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)
  (val_declaration name: (_) @name)
  (var_declaration name: (_) @name)
] @definition.field)
(enum_body (val_definition pattern: (identifier) @name) @definition.field)
(compilation_unit (val_definition pattern: (identifier) @name) @definition.constant)
(compilation_unit (var_definition pattern: (identifier) @name) @definition.variable)

; References
(call_expression function: (identifier) @reference)
(call_expression function: (field_expression field: (identifier) @reference))
(call_expression function: (generic_function function: (identifier) @reference))
(call_expression function: (generic_function function: (field_expression field: (identifier) @reference)))
(type_identifier) @reference
(import_declaration path: (identifier) @reference .)
(import_declaration (namespace_selectors (identifier) @reference))
(infix_expression operator: (identifier) @reference)
