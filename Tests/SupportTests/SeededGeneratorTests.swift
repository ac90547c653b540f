import Support
import Testing

@Suite
struct SeededGeneratorTests {
  @Test("SplitMix64's published first numbers for seed 1234567")
  func reference() {
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test("uniform and normal numbers have their moments")
  func moments() {
    var generator = SeededGenerator(seed: 1)
    let count = 100_000
    let uniform = (0..<count).map { _ in Double(generator.uniform()) }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard errors of the mean: 5·√(1/12)/√N.
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.0046)
    let normal = (0..<count).map { _ in Double(generator.normal()) }
    let mean = normal.reduce(0, +) / Double(count)
    let variance = normal.reduce(0) { $0 + $1 * $1 } / Double(count) - mean * mean
    #expect(abs(mean) < 0.016)
    #expect(abs(variance - 1) < 0.023)
  }
}
