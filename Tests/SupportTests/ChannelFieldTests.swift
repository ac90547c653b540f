import LatticeSupport
import Testing

@Suite
struct ChannelFieldTests {
  @Test(
    "planes and rows are two orders of the same values",
    arguments: [1, 3, 127, 128, 129, 9000], [1, 2, 4, 5, 8, 21])
  func planesAndRows(points: Int, channels: Int) {
    let planes = (0..<points * channels).map { Float($0) }
    let field = ChannelField(points: points, channels: channels, planes: planes)
    #expect(field.stride >= channels && field.stride % 4 == 0)
    let hasPlanes = field.planes() == planes
    #expect(hasPlanes)
    let rows = field.rows()
    let hasRows = (0..<points * channels).allSatisfy {
      rows[$0] == planes[$0 % channels * points + $0 / channels]
    }
    #expect(hasRows)
    let isSame = ChannelField(points: points, channels: channels, rows: rows).planes() == planes
    #expect(isSame)
  }

  @Test("a copy does not change with the original")
  func valueSemantics() {
    var field = ChannelField(points: 3, channels: 2)
    let copy = field
    field[1, 1] = 5
    #expect(copy[1, 1] == 0 && field[1, 1] == 5)
  }

  @Test("one wrong value among many is found", arguments: [0, 70_000, 299_999])
  func finiteValues(index: Int) {
    var values = [Float](repeating: 1, count: 300_000)
    #expect(values.areFinite(parallelism: .automatic))
    for wrong in [Float.nan, .infinity, -.infinity] {
      values[index] = wrong
      #expect(!values.areFinite(parallelism: .automatic))
    }
    values[index] = Float.greatestFiniteMagnitude
    #expect(values.areFinite(parallelism: .automatic))
  }
}
