; Ruby

; Classes and modules; `class Foo::Bar` is named `Bar`.
(class name: (constant) @name) @definition.class
(class name: (scope_resolution name: (constant) @name)) @definition.class
(module name: (constant) @name) @definition.module
(module name: (scope_resolution name: (constant) @name)) @definition.module
(assignment left: (constant) @name right: (call receiver: (constant) @_receiver method: (identifier) @_method)
  (#eq? @_receiver "Class") (#eq? @_method "new")) @definition.class
(assignment left: (constant) @name right: (call receiver: (constant) @_receiver method: (identifier) @_method)
  (#eq? @_receiver "Struct") (#eq? @_method "new")) @definition.struct
(assignment left: (constant) @name) @definition.constant

; Methods
(method name: (_) @name (#eq? @name "initialize")) @definition.constructor
(program (method name: (_) @name) @definition.function)
(method name: (_) @name) @definition.method
(singleton_method name: (_) @name) @definition.method
(alias name: (_) @name) @definition.method

; Tests and example groups
(call method: (identifier) @_method arguments: (argument_list . (string (string_content) @name)) block: (_)
  (#any-of? @_method "test" "it" "describe" "context" "specify")) @definition.test
(call method: (identifier) @_method arguments: (argument_list . [(constant) (scope_resolution)] @name) block: (_)
  (#any-of? @_method "describe" "context")) @definition.test

; References
(call method: [(identifier) (constant)] @reference)
(superclass (constant) @reference)
(superclass (scope_resolution name: (constant) @reference))
(call receiver: (constant) @reference)
(call receiver: (scope_resolution name: (constant) @reference))
(argument_list (constant) @reference)
(argument_list (scope_resolution name: (constant) @reference))
