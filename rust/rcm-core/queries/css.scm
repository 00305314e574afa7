; CSS: rules are named by their selector.

(rule_set (selectors) @name) @definition.key
(keyframes_statement (keyframes_name) @name) @definition.key
(media_statement . "@media" . (_) @name) @definition.section
(supports_statement . "@supports" . (_) @name) @definition.section
