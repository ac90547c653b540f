import MeanField
import Support
import TestSupport
import Testing
import Unaries

/// Every kind of kernel keeps the promises of `PairwiseKernel`, on images and volumes.
struct KernelConformanceTests {
  private static func scene(_ extents: [Int], channels: Int) throws -> Scene {
    var generator = SeededGenerator(seed: 11)
    let grid = try GridShape(extents)
    return Scene(
      try Image(
        grid: grid, channels: channels,
        pixels: .floats((0..<grid.count * channels).map { _ in 255 * generator.uniform() })))
  }

  @Test(arguments: KernelKind.all.map(\.name), [[9, 14], [3, 6, 5], [40]])
  func everyKindConforms(name: String, extents: [Int]) throws {
    let kind = try KernelKind.named(name)
    let scene = try Self.scene(extents, channels: 2)
    let folder = try TemporaryFolder()
    let file = folder.file("f.npy")
    try NPY.write(
      NumericArray(
        shape: [scene.grid.count, 3], values: (0..<3 * scene.grid.count).map { Float($0 % 17) / 4 }),
      to: file)
    // The kinds' own examples, so that a new kind is checked as soon as it is registered.
    let description = try KernelDescription(kind.example).replacingFiles { _ in file }
    try checkKernel(
      description.kernel(on: scene.grid), scene: scene, needsImage: kind.needsImage)
  }
}
