import LatticeSupport
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

  @Test("places have sequences of their own, whatever the seed; the order of coordinates counts")
  func places() {
    var first: [UInt64] = []
    for seed in 0..<UInt64(4) {
      for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(UInt64, UInt64)] {
        var generator = SeededGenerator(seed: seed, place: a, b)
        first.append(generator.next())
        var again = SeededGenerator(seed: seed, place: a, b)
        #expect(again.next() == first.last)
      }
    }
    #expect(Set(first).count == first.count)
  }

  @Test("permutations hold every number once, and put each number in each place equally often")
  func permutations() {
    var generator = SeededGenerator(seed: 3)
    var counts = [Int](repeating: 0, count: 25)
    let draws = 10_000
    for _ in 0..<draws {
      let order = generator.permutation(of: 5)
      #expect(order.sorted() == [0, 1, 2, 3, 4])
      for (place, number) in order.enumerated() { counts[5 * place + number] += 1 }
    }
    // Binomial of 10 000 draws and p = 1/5: mean 2000, standard deviation 40; five of them.
    #expect(counts.allSatisfy { abs($0 - draws / 5) < 200 })
  }
}
