// Shapes, layouts and numbers of all kinds, the worst included, through every pass: nothing is read or written where it
// should not be (the sanitizers see that), labels are labels, and threads change no bit even of what is no number.
#include <cstring>
#include <limits>
#include <memory>
#include <random>

#include "check.hpp"
#include "mixtura/dispatch.hpp"
#include "mixtura/expectation.hpp"
#include "mixtura/lloyd.hpp"

namespace {

using mixtura::Geometry;

class Draw {
  public:
    explicit Draw(unsigned seed) : random_(seed) {}

    int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    bool one_in(int n) { return below(n) == 0; }
    int size(int small, int large) { return 1 + below(one_in(4) ? large : small); }

    // `wild` says how often a number is one that no pass was made for: 0 never, n once in n.
    double number(int wild) {
        using limits = std::numeric_limits<double>;
        static constexpr double odd[] = {0.0,
                                         -0.0,
                                         limits::infinity(),
                                         -limits::infinity(),
                                         limits::quiet_NaN(),
                                         limits::max(),
                                         limits::lowest(),
                                         limits::denorm_min(),
                                         limits::min(),
                                         1e154,
                                         -1e200,
                                         3.4028234663852886e38,
                                         1e-40};
        if (wild && one_in(wild)) return odd[below(static_cast<int>(std::size(odd)))];
        return normal_(random_);
    }
    std::vector<double> numbers(std::size_t count, int wild) {
        std::vector<double> out(count);
        for (double& value : out) value = number(wild);
        return out;
    }

  private:
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
};

// Rows in any layout, in memory that ends with the last of them.
template <class T>
struct Data {
    std::unique_ptr<T[]> memory;
    std::vector<double> weight, centre;
    mixtura::Rows rows;

    Data(Draw& draw, int n, int d, int wild) {
        constexpr std::int64_t item = sizeof(T);
        std::int64_t row = d, column = 1;
        switch (draw.below(6)) {
            case 0:  // by columns
                row = 1;
                column = n;
                break;
            case 1:  // with room between rows
                row = d + 1 + draw.below(4);
                break;
            case 2:  // rows that overlap
                row = draw.below(d + 1);
                break;
            case 3:  // one number, seen often
                row = column = 0;
                break;
            default:
                break;
        }
        const std::int64_t last = (n - 1) * row + (d - 1) * column;
        memory.reset(new T[static_cast<std::size_t>(last + 1)]);
        for (std::int64_t i = 0; i <= last; ++i) memory[i] = static_cast<T>(draw.number(wild));
        const char* data = reinterpret_cast<const char*>(memory.get());
        if (draw.one_in(4)) {  // backwards
            data += (n - 1) * row * item;
            row = -row;
        }
        if (draw.one_in(6)) {
            data += (d - 1) * column * item;
            column = -column;
        }
        if (draw.one_in(3)) {
            weight = draw.numbers(static_cast<std::size_t>(n), wild);
            for (double& w : weight) w = draw.one_in(3) ? 0.0 : std::fabs(w);
        }
        centre = draw.numbers(static_cast<std::size_t>(d), wild);
        rows = mixtura::Rows{data,         n, d, row * item, column * item, weight.empty() ? nullptr : weight.data(),
                             centre.data()};
    }
    Data(const Data&) = delete;
};

// Of what is no number there are several, and which one a sum of two gives depends on their order.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](T x, T y) { return std::memcmp(&x, &y, sizeof x) == 0 || (std::isnan(x) && std::isnan(y)); });
}

struct Scored {
    std::vector<double> log_prob, resp;
    std::vector<std::int64_t> labels;
};

Scored scored(const mixtura::Source& source, const mixtura::Model& m, unsigned wanted, int n_threads) {
    const std::size_t n = static_cast<std::size_t>(source.rows.n), K = static_cast<std::size_t>(m.K);
    Scored s{std::vector<double>(wanted & 1 ? n : 0), std::vector<double>(wanted & 2 ? n * K : 0),
             std::vector<std::int64_t>(wanted & 4 ? n : 0)};
    const mixtura::Scores out{wanted & 1 ? s.log_prob.data() : nullptr, wanted & 2 ? s.resp.data() : nullptr,
                              wanted & 4 ? s.labels.data() : nullptr};
    mixtura::score(source.kernel(), source.rows, m, out, n_threads, nullptr);
    return s;
}

void densities(Draw& draw, const mixtura::Source& source, int K, int wild) {
    const int d = source.rows.d;
    const Geometry geometry = draw.one_in(3)   ? Geometry::dense
                              : draw.one_in(2) ? Geometry::diagonal
                                               : Geometry::spherical;
    const bool shared = draw.one_in(3);
    const std::size_t core = geometry == Geometry::dense      ? static_cast<std::size_t>(d) * d
                             : geometry == Geometry::diagonal ? static_cast<std::size_t>(d)
                                                              : 1;
    const auto means = draw.numbers(static_cast<std::size_t>(K) * d, wild);
    const auto U = draw.numbers(core * (shared ? 1 : K), wild);
    const auto offset = draw.numbers(static_cast<std::size_t>(K), wild);
    const auto mu = mixtura::about_centre(source, means.data(), static_cast<std::size_t>(K));
    const mixtura::Model model{K, d, geometry, shared, mu.data(), U.data(), offset.data()};
    const unsigned wanted = static_cast<unsigned>(draw.below(8));
    const Scored one = scored(source, model, wanted, 1), more = scored(source, model, wanted, 3);
    for (const std::int64_t label : one.labels) CHECK(label >= 0 && label < K);
    CHECK(same_bits(one.log_prob, more.log_prob) && same_bits(one.resp, more.resp) && one.labels == more.labels);

    const auto total = draw.numbers(core, wild), reach = draw.numbers(static_cast<std::size_t>(d), wild);
    const mixtura::Scatter scatter{total.data(), reach.data()};
    const mixtura::Parameters p{K, d, geometry, shared, means.data(), U.data(), offset.data()};
    mixtura::Moments s, again;
    mixtura::expectation(source, p, shared ? &scatter : nullptr, 1, nullptr, s);
    mixtura::expectation(source, p, shared ? &scatter : nullptr, 3, nullptr, again);
    CHECK(same_bits(s.S0, again.S0) && same_bits(s.S1, again.S1) && same_bits(s.S2, again.S2));
    CHECK(same_bits<double>({s.L}, {again.L}));
    CHECK(s.S2.size() == (shared ? 1 : static_cast<std::size_t>(K)) * mixtura::moment_size(geometry, p.d));
}

void distances(Draw& draw, const mixtura::Source& source, int K, int wild) {
    const std::size_t n = static_cast<std::size_t>(source.rows.n);
    const auto centres = draw.numbers(static_cast<std::size_t>(K) * source.rows.d, wild);
    const double scale = draw.number(wild);
    std::vector<float> closest(n, draw.one_in(2) ? std::numeric_limits<float>::infinity() : 1.0f), left = closest;
    const auto& kernel = source.kernel();
    const auto gains = [&](int n_threads) {
        return mixtura::potential(kernel, source.rows, K, centres.data(), scale, closest.data(), n_threads, nullptr);
    };
    CHECK(same_bits(gains(1), gains(3)));
    mixtura::min_update(kernel, source.rows, centres.data(), scale, closest.data(), 1, nullptr);
    mixtura::min_update(kernel, source.rows, centres.data(), scale, left.data(), 3, nullptr);
    CHECK(same_bits(closest, left));
    std::vector<std::int32_t> labels(n, -1), others(n, -1);
    std::vector<float> lower(n), same(n);
    auto before = draw.numbers(static_cast<std::size_t>(K) * source.rows.d, wild);
    const double unit = std::fabs(scale);
    for (const double* old : {static_cast<const double*>(nullptr), static_cast<const double*>(before.data())}) {
        const auto step = [&](std::vector<std::int32_t>& into, std::vector<float>& bound, int n_threads) {
            const auto& now = old ? centres : before;
            return mixtura::assign_pass(kernel, source.rows, mixtura::Centres(K, source.rows.d, now.data()), old, unit,
                                        {into.data(), bound.data(), nullptr}, true, n_threads, nullptr);
        };
        CHECK(same_bits(step(labels, lower, 1), step(others, same, 3)));
        CHECK(labels == others);
    }
    for (const std::int32_t label : labels) CHECK(label >= 0 && label < K);
}

void factors(Draw& draw, const mixtura::InstructionSet& set, int wild) {
    const int m = draw.size(3, 20), d = draw.size(9, 40);
    const std::size_t size = static_cast<std::size_t>(d) * d;
    auto matrices = draw.numbers(static_cast<std::size_t>(m) * size, wild);
    for (int k = 0; k < m; ++k)
        for (int i = 0; i < d && !draw.one_in(4); ++i)
            matrices[k * size + static_cast<std::size_t>(i) * d + i] += 4 * d;
    std::vector<double> U(matrices.size()), log_det(static_cast<std::size_t>(m)), left(static_cast<std::size_t>(d)),
        work(size);
    const int bad = set.whiten(m, d, matrices.data(), U.data(), log_det.data(), left.data());
    CHECK(bad >= -1 && bad < m);
    const int indefinite = set.first_indefinite(m, d, matrices.data(), work.data());
    CHECK(indefinite >= -1 && indefinite < m);
}

template <class T>
void once(unsigned seed) {
    const mixtura::InstructionSet& set = *mixtura::current_instruction_set().load();
    Draw draw(seed);
    const int wild = draw.one_in(3) ? 0 : draw.one_in(2) ? 5 : 200;
    const int d = draw.size(6, 70), K = draw.size(6, 60);
    const int n = draw.size(d * K > 500 ? 70 : 300, d * K > 500 ? 200 : 3000);
    const Data<T> data(draw, n, d, wild);
    const mixtura::Source source{data.rows, sizeof(T) == 8, set};
    densities(draw, source, K, wild);
    distances(draw, source, K, wild);
    factors(draw, set, wild);
}

}  // namespace

void test_fuzz() {
    for (unsigned seed = 0; seed < 200; ++seed) {
        once<double>(seed);
        once<float>(seed);
    }
}
