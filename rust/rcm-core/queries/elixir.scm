; Elixir: definitions are calls.
; Of the module attributes only @doc and its like belong to what follows, so they are captured here, not in the row
; A function of several clauses is one symbol: adjacent definitions with one name are joined.

(call target: (identifier) @_target (arguments . (alias) @name)
  (do_block (unary_operator operand: (call target: (identifier) @_attribute)) @doc)
  (#eq? @_target "defmodule") (#eq? @_attribute "moduledoc")) @definition.module
(call target: (identifier) @_target (arguments . (alias) @name) (do_block)
  (#eq? @_target "defmodule")) @definition.module
((unary_operator operand: (call target: (identifier) @_attribute)) @row.comment
  (#any-of? @_attribute "doc" "typedoc"))
((unary_operator operand: (call target: (identifier) @_attribute)) @row.attribute
  (#any-of? @_attribute "spec" "impl" "deprecated" "since" "tag" "dialyzer"))
(call target: (identifier) @_target (arguments . (alias) @name)
  (#eq? @_target "defprotocol")) @definition.protocol
(call target: (identifier) @_target (arguments . (alias) @name)
  (#eq? @_target "defimpl")) @definition.implementation
(call target: (identifier) @name (#any-of? @name "defstruct" "defexception")) @definition.struct

; def name, def name(args), def name(args) when guard, def left op right
(call target: (identifier) @_target (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(call target: (identifier) @name) (identifier) @name] operator: "when")
  ])
  (#any-of? @_target "def" "defp" "defdelegate" "defn" "defnp")) @definition.function
(call target: (identifier) @_target (arguments . (binary_operator operator: _ @name))
  (#any-of? @_target "def" "defp")) @definition.function
(call target: (identifier) @_target (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(call target: (identifier) @name) (identifier) @name] operator: "when")
  ])
  (#any-of? @_target "defmacro" "defmacrop" "defguard" "defguardp")) @definition.macro

; @type name :: .., @callback name(..) :: ..
(unary_operator operand: (call target: (identifier) @_target (arguments (binary_operator
    left: [(identifier) @name (call target: (identifier) @name)] operator: "::")))
  (#any-of? @_target "type" "typep" "opaque")) @definition.type
(unary_operator operand: (call target: (identifier) @_target (arguments (binary_operator
    left: [(identifier) @name (call target: (identifier) @name)] operator: "::")))
  (#any-of? @_target "callback" "macrocallback")) @definition.method

; Tests
(call target: (identifier) @_target (arguments . (string (quoted_content) @name)) (do_block)
  (#any-of? @_target "test" "describe")) @definition.test

; References
(call target: (identifier) @reference
  (#not-any-of? @reference "def" "defp" "defmodule" "defmacro" "defmacrop" "defprotocol" "defimpl" "defstruct"
    "defexception" "defguard" "defguardp" "defdelegate" "alias" "import" "use" "require" "doc" "moduledoc" "spec"
    "type" "typep" "opaque" "callback" "impl" "if" "unless" "case" "cond" "quote" "unquote" "for" "with" "fn"
    "test" "describe"))
(call target: (dot right: (identifier) @reference))
(alias) @reference
