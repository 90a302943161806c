// What the driver and the kernels of each instruction set agree on. Plain data only: this header is the one
// that translation units with different compiler flags share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mixtura {

// Rows of data in any layout, float or double; strides in bytes.
struct Rows {
    const char* data;  // (n, d)
    std::int64_t n;
    int d;
    std::int64_t row_stride;
    std::int64_t column_stride;
    const double* weight;  // (n) or null
    const double* centre;  // (d), subtracted in double before anything else
};

enum class Geometry {
    dense,      // U (K or 1, d, d) upper triangular
    diagonal,   // U (K or 1, d)
    spherical,  // U (K or 1): one number for all features
    linear,     // logits are offset + x mu, as those of components that share U are but for a term they share; no U
};

// Parameters of a mixture; the means are about the centre.
struct Model {
    int K;
    int d;
    Geometry geometry;
    bool shared;       // one U for all components; also if linear
    const double* mu;  // (K, d)
    const double* U;
    const double* offset;  // (K)
};

// Where a tile's results go. Statistics are added, in double.
struct Sums {
    double* S0;  // (K)
    double* S1;  // (K, d), about the means, or about the centre if the kernel says so
    double* S2;  // (K, d(d+1)/2) upper triangle by rows, (K, d), (K), or null if shared
    double* L;   // (1)
};

struct Scores {
    double* log_prob;      // (n) or null
    double* resp;          // (n, K) or null
    std::int64_t* labels;  // (n) or null
};

// Centres in float, in a unit that float can hold: what the nearest one is, where float can tell.
struct Filter {
    const float* slope;   // (K, d): unit times centre
    const float* offset;  // (K): minus half the square of its length
    float longest;        // no slope is longer
    double unit;
};

// Where the nearest centres of a tile's rows go; the sums are added, and null if not asked for.
struct Assign {
    Filter filter;
    bool bounded;               // whether labels and bounds are those of centres that have since moved
    int farthest;               // the centre that has moved the most
    float drift, next_drift;    // by no more than this, and no other by more than that; in the filter's unit
    const float* half_gap;      // (K): a row nearer to a centre than this has no nearer one; rounded down
    std::int32_t* labels;       // (n) in and out
    float* lower;               // (n) in and out, or null: no other centre is nearer than this, in the filter's unit
    double* distance;           // (n) squared, or null
    double *S0, *S1, *inertia;  // (K), (K, d) about the centres, (1)
};

// What a tile tells those after it in the same block; at the start of the scratch memory. The driver clears it where a
// block begins, so that what is learned depends on the rows alone, not on which thread had them.
struct Learned {
    enum class Pruning { unknown, pays, does_not } pruning;
};

// One implementation, for one element type of the data.
struct Kernel {
    int lanes;
    int (*tile_rows)(const Model&);
    std::size_t (*prepared_bytes)(const Model&);
    void (*prepare)(const Model&, void* prepared);
    bool (*s1_about_centre)(const Model&);
    std::size_t (*scratch_bytes)(const Model&, int tile_rows);
    // Rows [first, first + rows) with rows <= tile_rows; the scratch memory begins with `Learned`.
    void (*e_step)(const Rows&, const Model&, const void* prepared, void* scratch, int tile_rows, std::int64_t first,
                   int rows, const Sums&);
    void (*score)(const Rows&, const Model&, const void* prepared, void* scratch, int tile_rows, std::int64_t first,
                  int rows, const Scores&);
    // Squared distances to the means, to (K, rows).
    void (*distances)(const Rows&, const Model&, const void* prepared, void* scratch, int tile_rows, std::int64_t first,
                      int rows, double* squared);
    void (*assign)(const Rows&, const Model&, const void* prepared, void* scratch, int tile_rows, std::int64_t first,
                   int rows, const Assign&);
};

struct InstructionSet {
    const char* name;
    Kernel f64;
    Kernel f32;
    // Whiteners of m covariance matrices (d, d); the first that is not positive definite, or -1. `left` has room for d.
    int (*whiten)(int m, int d, const double* covariances, double* U, double* log_det, double* left);
    int (*first_indefinite)(int m, int d, const double* matrices, double* work);  // `work` has room for one
};

}  // namespace mixtura
