; Haskell
; A signature and the equations that follow it are one symbol: adjacent definitions with one name are joined.

(header module: (module) @name) @definition.module

; Types
(data_type name: (name) @name) @definition.type
(newtype name: (name) @name) @definition.type
(type_synonym name: (name) @name) @definition.type
(type_family name: (name) @name) @definition.type
(data_family name: (name) @name) @definition.type
(class name: (name) @name) @definition.trait
(instance name: (name) @name) @definition.implementation
(instance name: (qualified id: (name) @name)) @definition.implementation
(deriving_instance name: (name) @name) @definition.implementation
(data_constructor constructor: (prefix name: (constructor) @name)) @definition.variant
(data_constructor constructor: (record name: (constructor) @name)) @definition.variant
(gadt_constructor name: (constructor) @name) @definition.variant
(record (fields (field name: (field_name (variable) @name)) @definition.field))

; Functions and values, of the module and of classes and instances
(declarations (signature name: (variable) @name) @definition.function.forward)
(declarations (signature name: (prefix_id (operator) @name)) @definition.function.forward)
(declarations (signature names: (binding_list . name: (variable) @name)) @definition.function.forward)
(declarations (function name: (variable) @name) @definition.function)
(declarations (function name: (prefix_id (operator) @name)) @definition.function)
(declarations (function (infix operator: (operator) @name)) @definition.function)
(declarations (bind name: (variable) @name) @definition.function)
(class_declarations (signature name: (variable) @name) @definition.method)
(class_declarations (signature name: (prefix_id (operator) @name)) @definition.method)
(class_declarations (function name: (variable) @name) @definition.method)
(class_declarations (bind name: (variable) @name) @definition.method)
(instance_declarations (function name: (variable) @name) @definition.method)
(instance_declarations (bind name: (variable) @name) @definition.method)
(declarations (pattern_synonym (equation synonym: (_) @name)) @definition.function)

; References
(import module: (module) @reference)
(import_name (variable) @reference)
(import_name (name) @reference)
(apply function: (variable) @reference)
(apply function: (constructor) @reference)
(infix operator: (operator) @reference)
(signature type: (_ (name) @reference))
