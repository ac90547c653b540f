/// A small random number generator with a seed, for repeatable tests, samples and training.
///
/// SplitMix64: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Equal seeds give equal sequences, on every machine.
  public init(seed: UInt64) {
    state = seed
  }

  /// The sequence of one of many places, such as (epoch, image): each has its own, whichever are
  /// visited and in whatever order.
  public init(seed: UInt64, place: UInt64...) {
    state = seed
    // Mixed before and after, so that neither neighbouring seeds nor places have related sequences.
    for coordinate in place { state = next() ^ coordinate }
    state = next()
  }

  /// The next 64 uniformly distributed bits. O(1).
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number uniformly distributed in [0, 1), with 24 random bits.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// A whole number uniformly distributed in 0..<`bound`, but for a bias below `bound` · 2⁻⁶⁴;
  /// `bound` is at least 1.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound >= 1, "no number is below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The numbers 0..<`count` in a random order, each order as likely as any other (Fisher & Yates).
  /// O(count).
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(place, below(place + 1))
    }
    return order
  }

  /// A normally distributed number of mean 0 and standard deviation 1, by the sum of twelve uniform
  /// ones (Irwin–Hall): exact mean and variance, tails cut at ±6.
  public mutating func normal() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += uniform() }
    return sum
  }
}
