; C#

; Types and namespaces
(class_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(struct_declaration name: (identifier) @name) @definition.struct
(record_declaration name: (identifier) @name) @definition.record
(enum_declaration name: (identifier) @name) @definition.enum
(enum_member_declaration name: (identifier) @name) @definition.variant
(delegate_declaration name: (identifier) @name) @definition.type
(namespace_declaration name: (identifier) @name) @definition.module
(namespace_declaration name: (qualified_name) @name) @definition.module

; Members
(constructor_declaration name: (identifier) @name) @definition.constructor
(destructor_declaration name: (identifier) @name) @definition.method
(method_declaration name: (identifier) @name) @definition.method
(local_function_statement name: (identifier) @name) @definition.function
(property_declaration name: (identifier) @name) @definition.field
(indexer_declaration "this" @name) @definition.field
(operator_declaration operator: _ @name) @definition.method
(conversion_operator_declaration type: (_) @name) @definition.method
(event_declaration name: (identifier) @name) @definition.field
(event_field_declaration (variable_declaration . (_) . (variable_declarator name: (identifier) @name))) @definition.field
(field_declaration (modifier) @_modifier (variable_declaration . (_) . (variable_declarator name: (identifier) @name))
  (#eq? @_modifier "const")) @definition.constant
(field_declaration (variable_declaration . (_) . (variable_declarator name: (identifier) @name))) @definition.field

; References
(invocation_expression function: (identifier) @reference)
(invocation_expression function: (generic_name (identifier) @reference))
(invocation_expression function: (member_access_expression name: (identifier) @reference))
(invocation_expression function: (member_access_expression name: (generic_name (identifier) @reference)))
(object_creation_expression type: (identifier) @reference)
(object_creation_expression type: (generic_name (identifier) @reference))
(base_list (identifier) @reference)
(base_list (generic_name (identifier) @reference))
(type_argument_list (identifier) @reference)
(parameter type: (identifier) @reference)
(parameter type: (generic_name (identifier) @reference))
(parameter type: (nullable_type (identifier) @reference))
(variable_declaration type: (identifier) @reference)
(variable_declaration type: (generic_name (identifier) @reference))
(property_declaration type: (identifier) @reference)
(property_declaration type: (generic_name (identifier) @reference))
(method_declaration returns: (identifier) @reference)
(method_declaration returns: (generic_name (identifier) @reference))
(attribute name: (identifier) @reference)
(using_directive (qualified_name name: (identifier) @reference))
(using_directive (identifier) @reference)
