#pragma once

namespace opshost {

/// To be called before anything opens a file. Where the caller closed stdin, stdout or stderr (`<&-`, `>&-`), the next
/// files to be opened would take their numbers, and output would go into them: something harmless is put there. Reading
/// that stdin meets its end, writing to that stdout or stderr fails as it does on a closed one.
void fill_standard_descriptors();

}  // namespace opshost
