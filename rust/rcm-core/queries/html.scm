; HTML: elements with an id, and headings.

(element (start_tag (attribute (attribute_name) @_attribute
  [(quoted_attribute_value (attribute_value) @name) (attribute_value) @name]) (#eq? @_attribute "id"))) @definition.key
(element (self_closing_tag (attribute (attribute_name) @_attribute
  [(quoted_attribute_value (attribute_value) @name) (attribute_value) @name]) (#eq? @_attribute "id"))) @definition.key
(element (start_tag (tag_name) @_tag (#match? @_tag "^[hH][1-6]$")) . (text) @name) @definition.section
(element (start_tag (tag_name) @_tag (#any-of? @_tag "title")) . (text) @name) @definition.section
