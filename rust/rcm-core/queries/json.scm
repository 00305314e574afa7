; JSON: the keys of the outermost object.

(document (object (pair key: (string) @name) @definition.key))
