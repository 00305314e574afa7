// Licence header.
#include <vector>
#include "lighthouse/beam.h"

#define LIGHT_COUNT 4
#define LIGHT_CHECK(x) assert(x)

namespace lighthouse {
namespace optics::detail {
constexpr int kPrisms = 12;
}  // namespace optics::detail

class Keeper;
struct Signal;
template <typename T>
class Pool;

// A beam of light.
//
// Turns clockwise.
class Beam final : public Source, private Lockable {
 public:
  using Angle = double;
  static constexpr int kMax = 360;
  enum class Colour : unsigned char { kWhite, kRed = 2 };

  Beam() = default;
  explicit Beam(Angle angle) : angle_(angle) {}
  Beam(const Beam&) = delete;
  ~Beam() override;

  // Turns the beam.
  void Turn(Angle by);
  Angle angle() const { return angle_; }
  virtual bool Visible(const Ship& ship) const = 0;
  static Beam* Create(int count);
  const Colour& colour() const;
  bool operator==(const Beam& other) const { return angle_ == other.angle_; }
  explicit operator bool() const { return true; }
  Beam& operator++();

  struct Lens {
    int focus = 3;
  };

  friend class Keeper;

 private:
  Angle angle_ = 0;
  std::vector<Lens> lenses_;
  Keeper* keeper_;
};

// Doc of Turn, outside.
void Beam::Turn(Angle by) {
  angle_ += Normalise(by);
  keeper_->Log(by);
}

Beam::~Beam() {}

Beam* Beam::Create(int count) { return new Beam(count); }

const Beam::Colour& Beam::colour() const {
  static Colour c = Colour::kRed;
  return c;
}

Beam& Beam::operator++() { return *this; }

// A pool of things.
template <typename T>
class Pool {
 public:
  template <typename... Args>
  T& Emplace(Args&&... args);
  T items[LIGHT_COUNT];
};

template <typename T>
template <typename... Args>
T& Pool<T>::Emplace(Args&&... args) {
  return items[0] = T(std::forward<Args>(args)...);
}

template <>
struct Pool<int> {
  int only;
};

template <typename T>
concept Shining = requires(T t) { t.shine(); };

namespace {
int counter = 0;
const char kName[] = "Leuchtturm Übersee";
std::string Describe(const Beam& beam) {
  auto print = [](int x) { return x; };
  return Format("{}", print(counter));
}
}  // namespace

template <typename T>
T Max(T a, T b) { return a > b ? a : b; }

union Word { int i; float f; };
typedef std::vector<Beam> Beams;
extern "C" int light_on(int number);
extern int debug_level;
inline bool operator<(const Signal& a, const Signal& b) { return false; }
}  // namespace lighthouse

int main() { return lighthouse::Max<int>(1, 2); }

TEST(BeamTest, TurnsClockwise) {
  lighthouse::Beam beam(1.0);
  EXPECT_EQ(beam.angle(), 1.0);
}

class LIGHT_EXPORT Tower final : public Building {
  void Climb() LIGHT_REQUIRES(lock_);
};
