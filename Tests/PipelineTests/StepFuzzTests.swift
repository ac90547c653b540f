import LatticeSupport
import Pipeline
import Testing
import Unaries

/// Descriptions of steps that nobody would write, over scenes that are as odd: each is refused in a
/// sentence, or gives distributions and labels that there are.
struct StepFuzzTests {
  /// Values for settings of any type: right ones, wrong ones, and texts that are neither.
  private static let values = [
    "0", "1", "2", "3", "7", "-1", "0.5", "0.01", "1e-9", "1e-30", "1e9", "1e38", "nan", "inf",
    "-inf",
    "", " ", "x", "1x2", "2x2x2", "0x1", "1+2", "0-1", "2-1", "1:5", "1:5+3-4:50", "3|4", "2..8",
    "yes",
    "no", "99999999999999999999", "65535", "65536", "void", "array", "\"a,b\"", "\"", "=", ":", "ⅷ",
  ]

  /// Arrays that settings may name.
  private static let context = {
    var context = DescriptionContext.none
    context.array = { name in
      switch name {
      case "array": return try NumericArray(shape: [4, 5], values: (0..<20).map { Float($0 % 3) })
      case "x": return try NumericArray(shape: [3], values: [.nan, 1, -1])
      default: throw InputError(.noInput, at: name, "is not there")
      }
    }
    return context
  }()

  private static func value(
    of setting: Setting, of kind: String, _ generator: inout SeededGenerator
  ) -> String {
    // A million updates are allowed, and would take their time.
    guard setting.key != "iterations" else {
      return ["0", "1", "3", "-1", "x"].randomElement(using: &generator)!
    }
    guard generator.next() % 3 > 0 else { return values.randomElement(using: &generator)! }
    switch setting.type {
    case .choice(let words): return words.randomElement(using: &generator)!
    case .count(let range):
      return "\(min(range.upperBound, range.lowerBound + Int(generator.next() % 3)))"
    case .array, .file: return "array"
    case .description: return "temperature"
    default: return values.prefix(9).randomElement(using: &generator)!
    }
  }

  private static let scenes: [([Int], labels: Int, channels: Int?)] = [
    ([4, 5], 3, 3), ([1, 1], 1, 3), ([1, 7], 2, 1), ([6, 1], 2, nil), ([3, 2, 2], 4, 3),
    ([5], 2, 2),
  ]

  private static func scene(
    _ shape: ([Int], labels: Int, channels: Int?)
  ) throws -> (Scene, EnergyField) {
    let grid = try GridShape(shape.0)
    let planes = (0..<shape.labels * grid.count).map { Float($0 * 7 % 5) }
    let image = try shape.channels.map { channels in
      try Image(
        grid: grid, channels: channels,
        pixels: .bytes((0..<grid.count * channels).map { UInt8($0 * 37 % 256) }))
    }
    return (
      Scene(grid: grid, image: image),
      try EnergyField(grid: grid, labelCount: shape.labels, planes: planes)
    )
  }

  @Test(arguments: Plan.kindNames)
  func oddStepsAreRefusedOrMade(kind: String) throws {
    let refinement = RefinementKind.registry.all.first { $0.name == kind }
    let settings =
      refinement?.settings
      ?? LabelFilterKind.registry.all.first { $0.name == kind }?.settings ?? []
    var generator = SeededGenerator(seed: 11)
    var (made, refused) = (0, 0)
    for round in 0..<400 {
      var text = kind
      for (index, setting) in settings.enumerated()
      where setting.isRequired || generator.next() % 3 == 0 {
        text +=
          (text == kind ? ":" : ",") + "\(setting.key)="
          + Self.value(of: settings[index], of: kind, &generator)
      }
      do {
        let prepared = try PreparedPlan(Plan([text]), context: Self.context)
        let (scene, energies) = try Self.scene(Self.scenes[round % Self.scenes.count])
        guard prepared.needsImage == nil || scene.image != nil else { continue }
        let result = try prepared.run(
          energies, over: scene, RefinementRequest(parallelism: Parallelism(threads: 2)))
        let count = result.marginals.values.channels
        #expect(count == energies.labelCount, "\(text)")
        for point in 0..<scene.grid.count {
          let row = (0..<count).map { result.marginals.values[point, $0] }
          #expect(row.allSatisfy { $0 >= 0 && $0 <= 1.00001 }, "\(text): \(row)")
          #expect(abs(row.reduce(0, +) - 1) < 1e-3, "\(text): \(row)")
        }
        #expect(result.labels.grid == scene.grid)
        made += 1
      } catch let error as InputError {
        #expect(!error.problem.isEmpty, "\(text)")
        refused += 1
      }
    }
    #expect(made > 0 && (refused > 0 || settings.isEmpty), "\(made) made, \(refused) refused")
  }
}
