// Which instruction sets this build and this machine have, and the one in use.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "kernel.hpp"

namespace mixtura {

namespace baseline {
extern const InstructionSet instruction_set;
}
#if defined(MIXTURA_X86)
namespace avx2 {
extern const InstructionSet instruction_set;
}
namespace avx512 {
extern const InstructionSet instruction_set;
}
#endif

// Best first.
inline std::vector<const InstructionSet*> available_instruction_sets() {
    std::vector<const InstructionSet*> sets;
#if defined(MIXTURA_X86)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
        sets.push_back(&avx512::instruction_set);
    }
    if (has_avx2) sets.push_back(&avx2::instruction_set);
#endif
    sets.push_back(&baseline::instruction_set);
    return sets;
}

inline std::atomic<const InstructionSet*>& current_instruction_set() {
    static std::atomic<const InstructionSet*> current{available_instruction_sets().front()};
    return current;
}

// False if this machine or build has no such set.
inline bool choose_instruction_set(const std::string& name) {
    for (const InstructionSet* set : available_instruction_sets()) {
        if (name == set->name) {
            current_instruction_set().store(set);
            return true;
        }
    }
    return false;
}

}  // namespace mixtura
