import TestSupport
import Testing

@Suite(.enabled(if: Shared.isPresent, Shared.absence)) struct FixtureWeightsTests {
  @Test func theRuleGivesTheValuesOfItsReference() throws {
    let vectors = try AnyJSON.read(Shared.fixture("net/weight_vectors.json")).elements
    try #require(!vectors.isEmpty)
    for vector in vectors {
      let key = try #require(vector["key"].string)
      let weights = FixtureWeights(
        place: "vectors", salt: vector["salt"].string ?? "",
        parameters: [(name: key, rule: FixtureWeights.Rule(vector))])
      let values = try weights.values(of: key).values()
      let bits = vector["first4_bits_hex"].elements.compactMap(\.string)
      #expect(values.prefix(4).map { $0.bitPattern } == bits.map { UInt32($0, radix: 16) })
      #expect(Double(try #require(values.last)) == vector["last"].number)
      let sum = values.reduce(0.0) { $0 + Double($1) }
      // Sums in float64, in another order.
      #expect(abs(sum - (vector["sum"].number ?? .nan)) <= 1e-9 * Double(values.count))
    }
  }
}
