import DeepLabNet
import TestSupport
import Testing
import Unaries

@Suite struct PreprocessingTests {
  @Test func caffesInputIsBlueGreenRedLessTheMean() throws {
    let image = try Image(width: 2, height: 1, rgb: [255, 0, 10, 1, 2, 3])
    let tensor = try Preprocessing.caffe.tensor(for: image)
    let mean: [Float] = [104.008, 116.669, 122.675]
    #expect(tensor.values() == zip([10, 0, 255, 3, 2, 1], mean + mean).map { $0 - $1 })
  }

  @Test func channelsAreScaledInTheirOwnOrder() throws {
    let preprocessing = Preprocessing(
      order: .rgb, divisor: 255, mean: [0.5, 0, 0], deviation: [0.5, 1, 2])
    let tensor = try preprocessing.tensor(
      for: Image(grid: GridShape(width: 1, height: 1), channels: 3, pixels: .floats([255, 51, 0])))
    #expect(tensor.values() == [1, 0.2, 0])
  }

  @Test func anythingButAPhotographIsRefused() throws {
    let gray = try Image(grid: GridShape(width: 1, height: 1), channels: 1, pixels: .floats([1]))
    #expect(errorText { _ = try Preprocessing.caffe.tensor(for: gray) }.contains("three channels"))
  }
}
