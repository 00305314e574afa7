; Kotlin

; Types. `interface`, `enum class`, `data class` are all class_declaration.
(class_declaration "interface" name: (identifier) @name) @definition.interface
(class_declaration (modifiers (class_modifier) @_modifier) name: (identifier) @name (#eq? @_modifier "enum")) @definition.enum
(class_declaration (modifiers (class_modifier) @_modifier) name: (identifier) @name (#eq? @_modifier "data")) @definition.record
(class_declaration name: (identifier) @name) @definition.class
(object_declaration name: (identifier) @name) @definition.object
(companion_object name: (identifier) @name) @definition.object
(companion_object "companion" @name) @definition.object
(enum_entry (identifier) @name) @definition.variant
(type_alias type: (identifier) @name) @definition.type

; Functions, also extension functions (named after the function)
(class_body (function_declaration name: (identifier) @name) @definition.method)
(enum_class_body (function_declaration name: (identifier) @name) @definition.method)
(function_declaration name: (identifier) @name) @definition.function
(secondary_constructor "constructor" @name) @definition.constructor

; Properties of files, classes and primary constructors
(source_file (property_declaration (modifiers (property_modifier) @_modifier) (variable_declaration (identifier) @name))
  @definition.constant (#eq? @_modifier "const"))
(class_body (property_declaration (modifiers (property_modifier) @_modifier) (variable_declaration (identifier) @name))
  @definition.constant (#eq? @_modifier "const"))
(source_file (property_declaration (variable_declaration (identifier) @name)) @definition.variable)
(class_body (property_declaration (variable_declaration (identifier) @name)) @definition.field)
(enum_class_body (property_declaration (variable_declaration (identifier) @name)) @definition.field)
(class_parameter ["val" "var"] (identifier) @name) @definition.field

; References
(call_expression . (identifier) @reference)
(call_expression . (navigation_expression (identifier) @reference .))
(user_type (identifier) @reference)
(import (qualified_identifier (identifier) @reference .))
