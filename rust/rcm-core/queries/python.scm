; Classes and functions; functions inside a class become methods
(class_definition
  name: (identifier) @name
  body: (block . (expression_statement . (string) @doc))) @definition.class
(class_definition name: (identifier) @name) @definition.class

((function_definition
  name: (identifier) @name
  body: (block . (expression_statement . (string) @doc))) @definition.constructor
  (#eq? @name "__init__"))
((function_definition name: (identifier) @name) @definition.constructor
  (#eq? @name "__init__"))
(function_definition
  name: (identifier) @name
  body: (block . (expression_statement . (string) @doc))) @definition.function
(function_definition name: (identifier) @name) @definition.function

(type_alias_statement left: (type (identifier) @name)) @definition.type
(type_alias_statement left: (type (generic_type . (identifier) @name))) @definition.type

; Module level values: upper case is a constant by convention
((module (expression_statement (assignment left: (identifier) @name) @definition.constant))
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))
(module (expression_statement (assignment left: (identifier) @name) @definition.variable))

; Class attributes
(class_definition
  body: (block (expression_statement (assignment left: (identifier) @name) @definition.field)))

; Uses
(call function: [(identifier) @reference (attribute attribute: (identifier) @reference)])
(decorator [(identifier) @reference (attribute attribute: (identifier) @reference)])
(class_definition superclasses:
  (argument_list [(identifier) @reference (attribute attribute: (identifier) @reference)]))
(type [
  (identifier) @reference
  (attribute attribute: (identifier) @reference)
  (generic_type (identifier) @reference)
])
(import_statement name: (dotted_name (identifier) @reference .))
(import_from_statement name: (dotted_name (identifier) @reference .))
(import_from_statement module_name: (dotted_name (identifier) @reference .))
(aliased_import name: (dotted_name (identifier) @reference .))
