; JSX elements; appended to the queries of TSX and JavaScript
((jsx_opening_element name: (identifier) @reference) (#match? @reference "^[^a-z]"))
((jsx_self_closing_element name: (identifier) @reference) (#match? @reference "^[^a-z]"))
