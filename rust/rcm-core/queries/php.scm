; PHP

; Types and namespaces
(class_declaration name: (name) @name) @definition.class
(interface_declaration name: (name) @name) @definition.interface
(trait_declaration name: (name) @name) @definition.trait
(enum_declaration name: (name) @name) @definition.enum
(enum_case name: (name) @name) @definition.variant
(namespace_definition name: (namespace_name) @name body: (_)) @definition.module

; Functions
(function_definition name: (name) @name) @definition.function
(method_declaration name: (name) @name (#eq? @name "__construct")) @definition.constructor
(method_declaration name: (name) @name) @definition.method
(program (expression_statement (assignment_expression
  left: (variable_name (name) @name)
  right: [(anonymous_function) (arrow_function)])) @definition.function)

; Constants and properties
(const_declaration (const_element . (name) @name)) @definition.constant
(property_declaration (property_element name: (variable_name (name) @name))) @definition.field
(property_promotion_parameter name: (variable_name (name) @name)) @definition.field
(expression_statement (function_call_expression
  function: (name) @_function
  arguments: (arguments . (argument (string (string_content) @name))))
  (#eq? @_function "define")) @definition.constant

; References
(function_call_expression function: (name) @reference)
(function_call_expression function: (qualified_name (name) @reference))
(member_call_expression name: (name) @reference)
(nullsafe_member_call_expression name: (name) @reference)
(scoped_call_expression name: (name) @reference)
(scoped_call_expression scope: (name) @reference)
(class_constant_access_expression . (name) @reference)
(object_creation_expression (name) @reference)
(object_creation_expression (qualified_name (name) @reference))
(named_type (name) @reference)
(named_type (qualified_name (name) @reference))
(base_clause (name) @reference)
(base_clause (qualified_name (name) @reference))
(class_interface_clause (name) @reference)
(use_declaration (name) @reference)
(use_declaration (qualified_name (name) @reference))
(namespace_use_clause (name) @reference)
(namespace_use_clause (qualified_name (name) @reference))
(attribute (name) @reference)
