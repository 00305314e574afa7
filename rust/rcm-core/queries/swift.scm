; Swift

; Types. class, struct, enum, actor and extension are all class_declaration.
(class_declaration declaration_kind: "struct" name: (type_identifier) @name) @definition.struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name) @definition.enum
(class_declaration declaration_kind: "extension" name: (user_type (type_identifier) @name .)) @definition.extension
(class_declaration name: (type_identifier) @name) @definition.class
(protocol_declaration name: (type_identifier) @name) @definition.protocol
(typealias_declaration name: (type_identifier) @name) @definition.type
(associatedtype_declaration name: (type_identifier) @name) @definition.type
(enum_entry name: (simple_identifier) @name) @definition.variant
(macro_declaration (simple_identifier) @name) @definition.macro

; Functions; the name field of an initialiser is the keyword.
; In a type a function becomes a method.
; (The result's type is a `name` too. A kind instead of `_` would take twenty times as long to compile.)
(function_declaration "func" . name: _ @name) @definition.function
(protocol_function_declaration name: [
  (simple_identifier) (custom_operator)
  "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/"
] @name) @definition.method
(init_declaration name: _ @name) @definition.constructor
(deinit_declaration "deinit" @name) @definition.method
(subscript_declaration "subscript" @name) @definition.method

; Properties and globals
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.field
(class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.field)
(enum_class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.field)
(source_file (property_declaration (value_binding_pattern mutability: "let")
  name: (pattern bound_identifier: (simple_identifier) @name)) @definition.constant)
(source_file (property_declaration (value_binding_pattern mutability: "var")
  name: (pattern bound_identifier: (simple_identifier) @name)) @definition.variable)

; References
(call_expression . (simple_identifier) @reference)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference)))
(user_type (type_identifier) @reference)
(import_declaration (identifier (simple_identifier) @reference))
