-- The procedure in progress: what every part of the engine has to know of it. One a process.
--   mode      "run"; "settle": replay, then only put back what is owed; "plan"
--   resuming  the journal has records of an earlier process
--   options   of the command line: yes, in_doubt, answers, until
--   undos     path -> the step that knows how to take itself back
return { mode = "run", resuming = false, options = {}, undos = {}, claimed = {}, hooks = {} }
