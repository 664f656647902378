/* bcryptprimitives.dll, as Rust's standard library wants it, for a Wine that has none: random bytes by advapi32. */
#include <stddef.h>

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *bytes, unsigned long count);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, size_t count) {
    while (count > 0) {
        unsigned long part = count > 0x10000000 ? 0x10000000 : (unsigned long)count;
        if (!SystemFunction036(bytes, part)) {
            return 0;
        }
        bytes += part;
        count -= part;
    }
    return 1;
}
