; Zig

; Containers are values of constants.
(variable_declaration (identifier) @name (struct_declaration)) @definition.struct
(variable_declaration (identifier) @name (opaque_declaration)) @definition.struct
(variable_declaration (identifier) @name (enum_declaration)) @definition.enum
(variable_declaration (identifier) @name (union_declaration)) @definition.union
(variable_declaration (identifier) @name (error_set_declaration)) @definition.enum
(enum_declaration (container_field name: (identifier) @name) @definition.variant)
(enum_declaration (container_field !name type: (identifier) @name) @definition.variant)
(error_set_declaration (identifier) @name @definition.variant)
(struct_declaration (container_field name: (identifier) @name) @definition.field)
(union_declaration (container_field name: (identifier) @name) @definition.field)
(source_file (container_field name: (identifier) @name) @definition.field)

; Functions; one without a body is declared elsewhere.
(function_declaration name: (identifier) @name body: (_)) @definition.function
(function_declaration name: (identifier) @name) @definition.function.forward

; Constants and variables of files and containers, without imports
(source_file (variable_declaration "const" . (identifier) @name . "=" . (_) @_value
  (#not-match? @_value "^@import\\b|^std(\\.|$)")) @definition.constant)
(source_file (variable_declaration "const" . (identifier) @name . ":") @definition.constant)
(source_file (variable_declaration "var" . (identifier) @name) @definition.variable)
(struct_declaration (variable_declaration "const" . (identifier) @name) @definition.constant (#not-eq? @name "Self"))
(enum_declaration (variable_declaration "const" . (identifier) @name) @definition.constant (#not-eq? @name "Self"))
(union_declaration (variable_declaration "const" . (identifier) @name) @definition.constant (#not-eq? @name "Self"))
(struct_declaration (variable_declaration "var" . (identifier) @name) @definition.variable)

; Tests
(test_declaration (string (string_content) @name)) @definition.test
(test_declaration (identifier) @name) @definition.test

; References
(call_expression function: (identifier) @reference)
(call_expression function: (field_expression member: (identifier) @reference))
(parameter type: (identifier) @reference)
(parameter type: (pointer_type (identifier) @reference))
(struct_initializer . (identifier) @reference)
(builtin_function (builtin_identifier) @_builtin (arguments (string (string_content) @reference)) (#eq? @_builtin "@import"))
