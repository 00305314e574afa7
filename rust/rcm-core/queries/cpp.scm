; C++

; Types with a body
(class_specifier name: [
  (type_identifier) @name
  (template_type name: (type_identifier) @name)
  (qualified_identifier name: (type_identifier) @name)
] body: (_)) @definition.class
(struct_specifier name: [
  (type_identifier) @name
  (template_type name: (type_identifier) @name)
  (qualified_identifier name: (type_identifier) @name)
] body: (_)) @definition.struct
(union_specifier name: (type_identifier) @name body: (_)) @definition.union
(enum_specifier name: (type_identifier) @name body: (_)) @definition.enum
(enumerator name: (identifier) @name) @definition.variant
(concept_definition name: (identifier) @name) @definition.trait
(alias_declaration name: (type_identifier) @name) @definition.type
(type_definition type: (struct_specifier !name body: (_)) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_)) declarator: (type_identifier) @name) @definition.union
(type_definition type: (enum_specifier !name body: (_)) declarator: (type_identifier) @name) @definition.enum
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator declarator: (type_identifier) @name)
  (function_declarator declarator: [
    (type_identifier) @name
    (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name))
  ])
]) @definition.type

; Forward declarations of types
(translation_unit [
  (class_specifier name: (type_identifier) @name !body) @definition.class.forward
  (struct_specifier name: (type_identifier) @name !body) @definition.struct.forward
])
(declaration_list [
  (class_specifier name: (type_identifier) @name !body) @definition.class.forward
  (struct_specifier name: (type_identifier) @name !body) @definition.struct.forward
])
(preproc_ifdef [
  (class_specifier name: (type_identifier) @name !body) @definition.class.forward
  (struct_specifier name: (type_identifier) @name !body) @definition.struct.forward
])
(template_declaration [
  (class_specifier name: (type_identifier) @name !body) @definition.class.forward
  (struct_specifier name: (type_identifier) @name !body) @definition.struct.forward
])

; Namespaces
(namespace_definition name: (namespace_identifier) @name) @definition.module
(namespace_definition name: (nested_namespace_specifier) @name) @definition.module

; Macros
(preproc_def name: (identifier) @name value: (_)) @definition.macro
(preproc_function_def name: (identifier) @name) @definition.macro

; Tests of the common frameworks: `TEST(Suite, Name) {`
(function_definition declarator: (function_declarator declarator: (identifier) @_macro
  parameters: (parameter_list (parameter_declaration) . (parameter_declaration type: (type_identifier) @name)))
  (#match? @_macro "^(TYPED_)?TEST(_F|_P|_CASE)?$")) @definition.test

; Functions with a body. The declarator sits below a pointer or a reference when the result is one; a
; qualified name (`Foo::bar`) is a method of a class defined elsewhere and is named `bar`.
(function_definition declarator: (function_declarator declarator: (qualified_identifier
  scope: (namespace_identifier) @_scope name: (identifier) @name)) (#eq? @_scope @name)) @definition.constructor
(function_definition declarator: [
  (function_declarator declarator: [
    (field_identifier) @name
    (destructor_name) @name
    (qualified_identifier name: [
      (identifier) @name
      (operator_name) @name
      (destructor_name) @name
      (template_function name: (identifier) @name)
      (qualified_identifier name: [
        (identifier) @name
        (operator_name) @name
        (destructor_name) @name
        (qualified_identifier name: [(identifier) (operator_name) (destructor_name)] @name)
      ])
    ])
  ])
  (pointer_declarator declarator: (function_declarator declarator: [
    (field_identifier) @name
    (destructor_name) @name
    (qualified_identifier name: [
      (identifier) @name
      (operator_name) @name
      (destructor_name) @name
      (template_function name: (identifier) @name)
      (qualified_identifier name: [(identifier) (operator_name) (destructor_name)] @name)
    ])
  ]))
  (reference_declarator (function_declarator declarator: [
    (field_identifier) @name
    (destructor_name) @name
    (qualified_identifier name: [
      (identifier) @name
      (operator_name) @name
      (destructor_name) @name
      (template_function name: (identifier) @name)
      (qualified_identifier name: [(identifier) (operator_name) (destructor_name)] @name)
    ])
  ]))
]) @definition.method
(field_declaration_list (function_definition declarator: (function_declarator declarator: (identifier) @name)) @definition.constructor)
(function_definition declarator: [
  (operator_cast type: (_) @name)
  (qualified_identifier name: (operator_cast type: (_) @name))
]) @definition.method
(function_definition declarator: [
  (function_declarator declarator: [(identifier) @name (operator_name) @name (template_function name: (identifier) @name)])
  (pointer_declarator declarator: [
    (function_declarator declarator: [(identifier) @name (operator_name) @name (template_function name: (identifier) @name)])
    (pointer_declarator declarator: (function_declarator declarator: [(identifier) (operator_name)] @name))
  ])
  (reference_declarator (function_declarator declarator: [(identifier) (operator_name)] @name))
]) @definition.function

; Declarations without a body
(field_declaration_list (declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.constructor.forward)
(field_declaration_list (declaration declarator: (function_declarator declarator: (destructor_name) @name)) @definition.method.forward)
(field_declaration_list (declaration declarator: (operator_cast type: (_) @name)) @definition.method.forward)
(field_declaration declarator: [
  (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name)
  (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name))
  (reference_declarator (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name))
]) @definition.method.forward
(declaration declarator: [
  (function_declarator declarator: [(identifier) (operator_name)] @name)
  (pointer_declarator declarator: [
    (function_declarator declarator: [(identifier) (operator_name)] @name)
    (pointer_declarator declarator: (function_declarator declarator: [(identifier) (operator_name)] @name))
  ])
  (reference_declarator (function_declarator declarator: [(identifier) (operator_name)] @name))
]) @definition.function.forward

; Fields, globals and constants; those in function bodies are left out by the row's `locals`
(field_declaration declarator: [
  (field_identifier) @name
  (pointer_declarator declarator: (field_identifier) @name)
  (reference_declarator (field_identifier) @name)
  (array_declarator declarator: (field_identifier) @name)
]) @definition.field

(declaration (type_qualifier) @_qualifier declarator: [
  (init_declarator declarator: [
    (identifier) @name
    (array_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (identifier) @name)
  ])
] (#match? @_qualifier "^const")) @definition.constant
(declaration (storage_class_specifier) @_storage declarator: [
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
] (#eq? @_storage "extern")) @definition.variable.forward
(declaration declarator: [
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
  (init_declarator declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
  ])
]) @definition.variable

; References
(call_expression function: (identifier) @reference)
(call_expression function: (field_expression field: (field_identifier) @reference))
(call_expression function: (qualified_identifier name: (identifier) @reference))
(call_expression function: (qualified_identifier name: (qualified_identifier name: (identifier) @reference)))
(call_expression function: (template_function name: (identifier) @reference))
(call_expression function: (qualified_identifier name: (template_function name: (identifier) @reference)))
(type_identifier) @reference
(using_declaration (qualified_identifier name: (identifier) @reference))
(preproc_include path: (string_literal (string_content) @reference))
(preproc_include path: (system_lib_string) @reference)
