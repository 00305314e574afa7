; JavaScript: what TypeScript writes otherwise; script.scm and tsx.scm follow

; Classes
(class_declaration name: (identifier) @name) @definition.class
(program (lexical_declaration . (variable_declarator name: (identifier) @name value: (class))) @definition.class)
(export_statement (lexical_declaration . (variable_declarator name: (identifier) @name value: (class))) @definition.class)

; Functions, also those held in a variable at any depth
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(export_statement value: (function_expression name: (identifier) @name) @definition.function)
(lexical_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @definition.function
(variable_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @definition.function

; Methods and fields
(class_body (method_definition name: (property_identifier) @name (#eq? @name "constructor")) @definition.constructor)
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @definition.method
(field_definition property: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function) (function_expression)]) @definition.method
(field_definition property: [(property_identifier) (private_property_identifier)] @name) @definition.field

; References
(class_heritage (identifier) @reference)
(class_heritage (member_expression property: (property_identifier) @reference))
