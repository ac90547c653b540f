import LatticeSupport
import TestSupport
import Testing
import Unaries

struct ImageArrayTests {
  /// 2 × 3 points with 4 channels: 10 · point + channel.
  private static let last = (0..<6).flatMap { point in (0..<4).map { Float(10 * point + $0) } }
  private static let first = (0..<4).flatMap { channel in
    (0..<6).map { Float(10 * $0 + channel) }
  }

  @Test func bothOrdersOfAxesGiveTheSameImage() throws {
    let images = try [
      Image(NumericArray(shape: [4, 2, 3], values: Self.first), rank: 2, layout: .channelsFirst),
      Image(NumericArray(shape: [2, 3, 4], values: Self.last), rank: 2, layout: .channelsLast),
    ]
    for image in images {
      #expect(image.grid == GridShape(width: 3, height: 2) && image.channels == 4)
      for point in 0..<6 {
        for channel in 0..<4 { #expect(image[point, channel] == Float(10 * point + channel)) }
      }
    }
  }

  @Test func volumesAndLinesAreImagesToo() throws {
    let values = (0..<24).map { Float($0) + 0.5 }
    let volume = try Image(NumericArray(shape: [2, 1, 3, 4], values: values), rank: 3)
    #expect(volume.grid.extents == [1, 3, 4] && volume.channels == 2)
    #expect(volume[5, 1] == 17.5)
    let line = try Image(NumericArray(shape: [24], values: values), rank: 1)
    #expect(line.grid.extents == [24] && line.channels == 1)
  }

  @Test(arguments: ChannelLayout.allCases)
  func anArrayWithoutChannelsHasOne(layout: ChannelLayout) throws {
    let array = try NumericArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 255])
    let image = try Image(array, rank: 2, layout: layout)
    #expect(image.channels == 1 && image[5, 0] == 255)
  }

  @Test(arguments: [([0, 128, 255], true), ([0, 0.5, 1], false), ([0, 1, 256], false)])
  func whatPhotographsHoldIsKeptInBytes(values: [Float], isBytes: Bool) throws {
    let image = try Image(NumericArray(shape: [1, 3], values: values), rank: 2)
    if case .bytes = image.pixels { #expect(isBytes) } else { #expect(!isBytes) }
    for (point, value) in values.enumerated() { #expect(image[point, 0] == value) }
  }

  @Test(arguments: [[3], [2, 2, 2, 2], [1, 3, 2, 2]])
  func otherNumbersOfAxesAreRefused(shape: [Int]) throws {
    let array = try NumericArray(
      shape: shape, values: [Float](repeating: 1, count: shape.reduce(1, *)))
    let error = #expect(throws: InputError.self) { try Image(array, rank: 2) }
    let text = error?.description ?? ""
    #expect(text.contains("\(shape)") && text.contains("(C,H,W)"), "\(text)")
    #expect(text.contains("batch") == (shape == [1, 3, 2, 2]))
  }

  @Test func whatIsNotFiniteIsNamed() throws {
    let array = try NumericArray(shape: [2, 1, 2], values: [1, 2, .nan, 4])
    let error = #expect(throws: InputError.self) { try Image(array, rank: 2) }
    #expect(error?.problem == "point 0, channel 1 is nan")
  }
}
