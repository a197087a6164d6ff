break_fault() { :; }
