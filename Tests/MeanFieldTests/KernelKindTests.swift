import Formats
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Every kind of kernel that options can name keeps the promises of `PairwiseKernel`.
struct KernelKindTests {
  @Test(arguments: KernelKind.registry.names, [[9, 14], [3, 6, 5], [40]])
  func everyExampleConforms(name: String, extents: [Int]) throws {
    let kind = try KernelKind.registry.named(name)
    let scene = Scene(try KernelConformanceTests.image(extents, channels: 3))
    let folder = try TemporaryFolder()
    let file = folder.file("f.npy")
    let count = scene.grid.count
    try NPY.write(
      NumericArray(shape: [count, 3], values: (0..<3 * count).map { Float($0 % 17) / 4 }), to: file)
    // The kinds' own examples, so that a new kind is checked as soon as it is registered.
    let kernel = try CRFModel.Term(kind.example).kernel.replacingFiles { _ in file }
      .kernel(on: scene.grid, context: .files)
    try KernelConformance(kernel).check(scene)
    if kind.needsImage {
      #expect(throws: InputError.self) { try kernel.features(for: Scene(grid: scene.grid)) }
    }
  }
}
