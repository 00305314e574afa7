; Types
(struct_item name: (type_identifier) @name) @definition.struct
(enum_item name: (type_identifier) @name) @definition.enum
(union_item name: (type_identifier) @name) @definition.union
(trait_item name: (type_identifier) @name) @definition.trait
(type_item name: (type_identifier) @name) @definition.type
(associated_type name: (type_identifier) @name) @definition.type.forward

; Implementations are named after the type
(impl_item type: (type_identifier) @name) @definition.implementation
(impl_item type: (generic_type type: (type_identifier) @name)) @definition.implementation
(impl_item type: (generic_type type: (scoped_type_identifier name: (type_identifier) @name)))
  @definition.implementation
(impl_item type: (scoped_type_identifier name: (type_identifier) @name)) @definition.implementation
(impl_item type: (reference_type type: (type_identifier) @name)) @definition.implementation
(impl_item type: (reference_type type: (generic_type type: (type_identifier) @name)))
  @definition.implementation
(impl_item type: (_) @name) @definition.implementation

; Functions; those inside a type become methods
(function_item name: (_) @name) @definition.function
(function_signature_item name: (_) @name) @definition.function.forward
(macro_definition name: (identifier) @name) @definition.macro

; Modules: `mod name;` only says where one is
(mod_item name: (identifier) @name body: (declaration_list)) @definition.module
(mod_item name: (identifier) @name) @definition.module.forward

; Values
(const_item name: (identifier) @name) @definition.constant
(static_item name: (identifier) @name) @definition.constant

; Parts of types
(enum_variant name: (identifier) @name) @definition.variant
(field_declaration name: (field_identifier) @name) @definition.field

; Uses
(call_expression function: [
  (identifier) @reference
  (scoped_identifier name: (identifier) @reference)
  (field_expression field: (field_identifier) @reference)
  (generic_function function: [
    (identifier) @reference
    (scoped_identifier name: (identifier) @reference)
    (field_expression field: (field_identifier) @reference)
  ])
])
(macro_invocation macro: [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
(type_identifier) @reference
(use_declaration argument: [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
(use_as_clause path: [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
(use_list [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
