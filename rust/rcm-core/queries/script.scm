; What JavaScript and TypeScript have in common; appended to the query of each

; Foo.prototype.bar = function, exports.bar = function
(expression_statement (assignment_expression
  left: (member_expression
    object: (member_expression property: (property_identifier) @_prototype)
    property: (property_identifier) @name)
  right: [(arrow_function) (function_expression) (generator_function)])
  (#eq? @_prototype "prototype")) @definition.method
(expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: (class))) @definition.class
(expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression) (generator_function)])) @definition.function

; Function values of object literals at top level
(program (_ (variable_declarator value: (object
  (pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @definition.method))))
(export_statement (_ (variable_declarator value: (object
  (pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @definition.method))))
(export_statement value: (object
  (pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @definition.method))
(program (expression_statement (assignment_expression right: (object
  (pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @definition.method))))

; Top-level variables, without those that only hold an imported module
(program (lexical_declaration kind: "const"
  . (variable_declarator name: (identifier) @name value: (_) @_value)
  (#not-match? @_value "^(require|await import)\\b")) @definition.constant)
(export_statement (lexical_declaration kind: "const"
  . (variable_declarator name: (identifier) @name)) @definition.constant)
(program (lexical_declaration kind: "let" . (variable_declarator name: (identifier) @name)) @definition.variable)
(export_statement (lexical_declaration kind: "let" . (variable_declarator name: (identifier) @name)) @definition.variable)
(program (variable_declaration . (variable_declarator name: (identifier) @name value: (_) @_value)
  (#not-match? @_value "^require\\b")) @definition.variable)
(export_statement (variable_declaration . (variable_declarator name: (identifier) @name)) @definition.variable)

; Tests
(expression_statement (call_expression
  function: [
    (identifier) @_test
    (member_expression object: (identifier) @_test)
    (call_expression function: (member_expression object: (identifier) @_test))
  ]
  arguments: (arguments . [(string (string_fragment) @name) (template_string (string_fragment) @name)]))
  (#any-of? @_test "describe" "it" "test" "suite" "context")) @definition.test

; References
(call_expression function: (identifier) @reference)
(call_expression function: (member_expression property: (property_identifier) @reference))
(new_expression constructor: (identifier) @reference)
(new_expression constructor: (member_expression property: (property_identifier) @reference))
(decorator (call_expression function: (identifier) @reference))
(decorator (identifier) @reference)
(export_specifier name: (identifier) @reference)
(import_clause (identifier) @reference)
(import_specifier name: (identifier) @reference)
