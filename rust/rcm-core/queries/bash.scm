; Bash and sh

(function_definition name: (word) @name) @definition.function
(program (variable_assignment name: (variable_name) @name) @definition.variable)
(program (declaration_command "readonly" (variable_assignment name: (variable_name) @name)) @definition.constant)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @definition.variable)

; References: commands that are not a path
(command name: (command_name (word) @reference) (#not-match? @reference "[/$.=-]"))
