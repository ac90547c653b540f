/// A small random number generator with a seed, for repeatable tests, samples and training.
///
/// SplitMix64: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Equal seeds give equal sequences, on every machine.
  public init(seed: UInt64) {
    state = seed
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

  /// A normally distributed number of mean 0 and standard deviation 1, by the sum of twelve uniform
  /// ones (Irwin–Hall): exact mean and variance, tails cut at ±6.
  public mutating func normal() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += uniform() }
    return sum
  }
}
