; Markdown: a section begins with its heading. A setext heading does not open a section in this grammar.

(section . (atx_heading heading_content: (inline) @name)) @definition.section
(setext_heading heading_content: (paragraph (inline) @name)) @definition.section
