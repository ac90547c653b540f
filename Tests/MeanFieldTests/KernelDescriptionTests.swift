import MeanField
import LatticeSupport
import Testing
import Unaries

struct KernelDescriptionTests {
  @Test(arguments: KernelKind.all.map(\.example))
  func everyExampleReadsBackAsItself(example: String) throws {
    #expect(try KernelDescription(example).description == example)
  }

  @Test(arguments: Preset.all.map(\.name))
  func presetsInWordsAreTheirTerms(name: String) throws {
    let preset = try Preset.named(name)
    let grid = GridShape(width: 4, height: 3)
    let terms = preset.terms()
    #expect(preset.kernels.count == terms.count)
    for (description, term) in zip(preset.kernels, terms) {
      #expect(
        try KernelDescription(description.description).kernel(on: grid).name == term.kernel.name)
    }
    #expect(preset.kernels.map(\.weight) == [preset.spatial.weight, preset.bilateral.weight])
  }

  @Test func bandwidthsMayDifferByAxis() throws {
    let description = try KernelDescription("bilateral:color=1.5x2x3,spatial=67x80,weight=-0.5")
    #expect(description.weight == -0.5)
    #expect(description.description == "bilateral:weight=-0.5,spatial=67x80,color=1.5x2x3")
    #expect(try KernelDescription("gaussian:weight=1,spatial=1e20").description.contains("1e+20"))
  }

  @Test func filesCanBeReplaced() throws {
    let description = try KernelDescription("features:weight=2,file=a/b.npy,sigma=2,components=3")
    #expect(description.files == ["a/b.npy"])
    #expect(description.replacingFiles { $0 + "z" }.files == ["a/b.npyz"])
    #expect(description.description == "features:weight=2,file=a/b.npy,sigma=2,components=3")
  }

  @Test func aPathWithACommaStandsInQuotes() throws {
    let text = "features:weight=2,file=\"a,b c.npy\",sigma=2"
    let description = try KernelDescription(text)
    #expect(description.files == ["a,b c.npy"])
    #expect(description.description == text)
    #expect(
      try KernelDescription("features:weight=2,file=\"a.npy\"").description
        == "features:weight=2,file=a.npy")
    #expect(throws: InputError.self) { try KernelDescription("features:weight=2,file=\"a,b.npy") }
  }

  @Test(arguments: [
    ("", "there is no kernel ''"),
    ("gaussian", "weight"),
    ("gaussian:", "weight"),
    ("gaussian:weight=1,spatial", "key=value"),
    ("gaussian:weight=1,spatial=1,color=3", "known are weight, spatial"),
    ("gaussian:weight=1,spatial=1e99", "not above 0 and finite"),
    ("features:weight=1,file=", "names no file"),
    ("features:weight=1,file=f.npy,components=1.5", "components=1.5"),
  ])
  func whatCannotBeUnderstoodIsNamed(text: String, says: String) {
    let error = #expect(throws: InputError.self) { try KernelDescription(text) }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }
}

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
