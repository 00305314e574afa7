; TypeScript: what JavaScript does not have or writes otherwise; script.scm follows

; Classes
(class_declaration name: (type_identifier) @name) @definition.class
(abstract_class_declaration name: (type_identifier) @name) @definition.class
(program (lexical_declaration . (variable_declarator name: (identifier) @name value: (class))) @definition.class)
(export_statement (lexical_declaration . (variable_declarator name: (identifier) @name value: (class))) @definition.class)

; Interfaces, type aliases, enums, namespaces
(interface_declaration name: (type_identifier) @name) @definition.interface
(interface_body (method_signature name: (property_identifier) @name) @definition.method)
(interface_body (property_signature name: (property_identifier) @name) @definition.field)
(type_alias_declaration name: (type_identifier) @name) @definition.type
(enum_declaration name: (identifier) @name) @definition.enum
(enum_body name: (property_identifier) @name @definition.variant)
(enum_assignment name: (property_identifier) @name) @definition.variant
(internal_module name: (_) @name) @definition.module
(module name: (identifier) @name) @definition.module
(module name: (string (string_fragment) @name)) @definition.module

; Functions, also those held in a variable at any depth
(function_declaration name: (identifier) @name) @definition.function
(function_signature name: (identifier) @name) @definition.function.forward
(generator_function_declaration name: (identifier) @name) @definition.function
(export_statement value: (function_expression name: (identifier) @name) @definition.function)
(lexical_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @definition.function
(variable_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @definition.function

; Methods and fields
(class_body (method_definition name: (property_identifier) @name (#eq? @name "constructor")) @definition.constructor)
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @definition.method
(public_field_definition name: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function) (function_expression)]) @definition.method
(public_field_definition name: [(property_identifier) (private_property_identifier)] @name) @definition.field
(class_body (method_signature name: [(property_identifier) (private_property_identifier)] @name) @definition.method.forward)
(abstract_method_signature name: [(property_identifier) (private_property_identifier)] @name) @definition.method

; References
(extends_clause value: (identifier) @reference)
(extends_clause value: (member_expression property: (property_identifier) @reference))
(type_identifier) @reference
