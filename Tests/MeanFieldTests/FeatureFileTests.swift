import LatticeSupport
import MeanField
import Testing
import Unaries

struct FeatureFileTests {
  private let grid = GridShape(width: 3, height: 2)

  @Test(arguments: [[2, 3], [6], [1, 2, 3], [2, 3, 1], [6, 1], [1, 6]])
  func oneFeatureMayHaveItsAxisOrNot(shape: [Int]) throws {
    let kernel = try FeatureKernel(
      NumericArray(shape: shape, values: [0, 1, 2, 3, 4, 5]), on: grid)
    let features = try kernel.features(for: Scene(grid: grid))
    #expect(features.dimensions == 1)
    #expect((0..<6).map { features[$0, 0] } == [0, 1, 2, 3, 4, 5])
  }

  @Test func axesInEitherOrderGiveTheSameFeatures() throws {
    let planes = (0..<12).map(Float.init)
    let rows = (0..<12).map { planes[$0 % 2 * 6 + $0 / 2] }
    for (shape, values) in [
      ([2, 2, 3], planes), ([2, 6], planes), ([2, 3, 2], rows), ([6, 2], rows),
    ] {
      let kernel = try FeatureKernel(NumericArray(shape: shape, values: values), on: grid)
      let features = try kernel.features(for: Scene(grid: grid))
      #expect((0..<12).map { features[$0 / 2, $0 % 2] } == rows, "\(shape)")
    }
  }

  @Test func anotherSizeIsRefused() {
    #expect(throws: InputError.self) {
      try FeatureKernel(
        NumericArray(shape: [3, 3], values: .init(repeating: 0, count: 9)), on: grid)
    }
  }
}
