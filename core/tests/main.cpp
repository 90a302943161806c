#include <cstdio>

#include "check.hpp"
#include "mixtura/dispatch.hpp"

void test_em();
void test_factor();
void test_fuzz();
void test_math();
void test_passes();
void test_threads();

int main() {
    for (const mixtura::InstructionSet* set : mixtura::available_instruction_sets()) {
        mixtura::choose_instruction_set(set->name);
        const int before = check::passed;
        test_math();
        test_em();
        test_factor();
        test_passes();
        test_fuzz();
        test_threads();
        std::printf("%-9s %d checks\n", set->name, check::passed - before);
    }
    std::printf("%d passed, %d failed\n", check::passed, check::failed);
    return check::failed == 0 ? 0 : 1;
}
