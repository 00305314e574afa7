; Lua

; Functions; `function a.b:c()` is named `c`.
(function_declaration name: (identifier) @name) @definition.function
(function_declaration name: (dot_index_expression field: (identifier) @name)) @definition.function
(function_declaration name: (method_index_expression method: (identifier) @name)) @definition.method
(variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (function_definition)))) @definition.function
(chunk (assignment_statement
  (variable_list . name: [(identifier) @name (dot_index_expression field: (identifier) @name)])
  (expression_list . value: (function_definition))) @definition.function)
(block (assignment_statement
  (variable_list . name: [(identifier) @name (dot_index_expression field: (identifier) @name)])
  (expression_list . value: (function_definition))) @definition.function)
(field name: (identifier) @name value: (function_definition)) @definition.function

; Top-level variables, without those that only hold a required module or an alias of a global
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (_) @_value)))
  @definition.variable (#not-match? @_value "^(require|vim\\b|[a-z_]+\\.[a-z_.]+$)") (#not-any-of? @name "M" "_M"))
(chunk (assignment_statement
  (variable_list . name: (dot_index_expression field: (identifier) @name))
  (expression_list . value: (table_constructor))) @definition.variable)

; Tests (busted)
(function_call name: (identifier) @_function
  arguments: (arguments . (string content: (string_content) @name))
  (#any-of? @_function "describe" "it" "context")) @definition.test

; References
(function_call name: (identifier) @reference)
(function_call name: (dot_index_expression field: (identifier) @reference))
(function_call name: (method_index_expression method: (identifier) @reference))
