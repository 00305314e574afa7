; Go

; Types
(type_declaration "type" . (type_spec name: (type_identifier) @name type: (struct_type))) @definition.struct
(type_declaration "type" . (type_spec name: (type_identifier) @name type: (interface_type))) @definition.interface
(type_declaration "type" . (type_spec name: (type_identifier) @name)) @definition.type
(type_declaration "type" . (type_alias name: (type_identifier) @name)) @definition.type
(type_declaration "(" (type_spec name: (type_identifier) @name type: (struct_type)) @definition.struct)
(type_declaration "(" (type_spec name: (type_identifier) @name type: (interface_type)) @definition.interface)
(type_declaration "(" (type_spec name: (type_identifier) @name) @definition.type)
(type_declaration "(" (type_alias name: (type_identifier) @name) @definition.type)

; Members
(field_declaration name: (field_identifier) @name) @definition.field
(interface_type (method_elem name: (field_identifier) @name) @definition.method)

; Functions
(function_declaration name: (identifier) @name body: (block)) @definition.function
(function_declaration name: (identifier) @name) @definition.function.forward
(method_declaration name: (field_identifier) @name) @definition.method

; Top-level constants and variables
(source_file (const_declaration "const" . (const_spec name: (identifier) @name)) @definition.constant)
(source_file (const_declaration "(" (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration "var" . (var_spec name: (identifier) @name)) @definition.variable (#not-eq? @name "_"))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)) (#not-eq? @name "_"))

; References
(call_expression function: (identifier) @reference)
(call_expression function: (selector_expression field: (field_identifier) @reference))
(type_identifier) @reference
(import_spec path: (interpreted_string_literal (interpreted_string_literal_content) @reference))
