// Compiled once per instruction set, with MIXTURA_ISA its name and MIXTURA_BYTES the width of its vectors.
#include "mixtura/factor.hpp"
#include "mixtura/passes.hpp"

namespace mixtura::MIXTURA_ISA {

#define MIXTURA_STRING_(x) #x
#define MIXTURA_STRING(x) MIXTURA_STRING_(x)

extern const InstructionSet instruction_set;
const InstructionSet instruction_set = {
    MIXTURA_STRING(MIXTURA_ISA),
    Passes<Lanes<double, MIXTURA_BYTES / 8>>::kernel(),
    Passes<Lanes<float, MIXTURA_BYTES / 4>>::kernel(),
    whiten,
    first_indefinite,
};

}  // namespace mixtura::MIXTURA_ISA
