import Formats
import Lattice
import LatticeSupport
import MeanField
import Unaries

/// The bandwidths of a kernel, found by what they do: where one is doubled, the features that it
/// divides are halved, to the last bit, and no others change.
///
/// So any kernel's bandwidths can be learned, one of a plug-in too, without knowing its formula.
struct KernelBandwidths {
  /// A number of a kernel's settings that may be a bandwidth.
  struct Candidate: Hashable {
    /// The key of the setting.
    let key: String
    /// Its place among the setting's numbers.
    let place: Int
    /// How many numbers the setting has.
    let count: Int
    /// What it is.
    let value: Double

    /// `spatial`, or `spatial[1]` where there is one for each axis.
    var name: String { count == 1 ? key : "\(key)[\(place)]" }
  }

  /// The features of a scene with every bandwidth 1, N × d.
  let raw: FeatureMatrix
  /// The candidate that divides each feature, by its place; `nil` where none does.
  let owners: [Int?]
  /// The candidates that are no bandwidths: something else changes with them.
  let others: Set<Int>

  /// The numbers of a kernel that are or may be bandwidths.
  static func candidates(of kernel: Description<KernelKind>) -> [Candidate] {
    kernel.kind.settings.flatMap { setting -> [Candidate] in
      switch setting.type {
      case .bandwidths:
        let values = kernel.settings.bandwidths(setting.key)?.values ?? []
        return values.enumerated().map { place, value in
          Candidate(
            key: setting.key, place: place, count: values.count, value: value.shortest)
        }
      case .number(let range) where !range.contains(0):
        guard let value = kernel.settings.number(setting.key), value > 0 else { return [] }
        return [Candidate(key: setting.key, place: 0, count: 1, value: value)]
      default: return []
      }
    }
  }

  /// Puts a value in the place of a candidate's.
  static func set(
    _ value: Double, for candidate: Candidate, in kernel: inout Description<KernelKind>
  ) {
    switch kernel.settings[candidate.key] {
    case .bandwidths(let bandwidths)?:
      var values = bandwidths.values
      values[candidate.place] = Float(value)
      kernel.settings[candidate.key] = .bandwidths(Bandwidths(values))
    default: kernel.settings[candidate.key] = .number(value)
    }
  }

  /// Finds what each candidate divides.
  ///
  /// - Throws: `InputError` where the kernel cannot be made or the scene lacks what it compares.
  /// - Complexity: that of the kernel's features, for each candidate once and twice more.
  init(
    _ candidates: [Candidate], of kernel: Description<KernelKind>, over scene: Scene,
    parallelism: Parallelism
  ) throws {
    func features(_ kernel: Description<KernelKind>) throws -> FeatureMatrix {
      try kernel.kernel(on: scene.grid, context: .files)
        .features(for: scene, parallelism: parallelism)
    }
    let given = try features(kernel)
    var owners = [Int?](repeating: nil, count: given.dimensions)
    var others: Set<Int> = []
    for (index, candidate) in candidates.enumerated() {
      var changed = kernel
      Self.set(2 * candidate.value, for: candidate, in: &changed)
      let halves = Self.halves(try features(changed), of: given)
      guard let halves, halves.allSatisfy({ owners[$0] == nil }) else {
        others.insert(index)
        continue
      }
      for feature in halves { owners[feature] = index }
    }
    var unit = kernel
    for (index, candidate) in candidates.enumerated() where !others.contains(index) {
      Self.set(1, for: candidate, in: &unit)
    }
    raw = try features(unit)
    self.owners = owners
    self.others = others
  }

  /// The features that are half of what they were, the others being as they were; `nil` where one
  /// is neither. Those that are 0 everywhere count as what they were.
  private static func halves(_ changed: FeatureMatrix, of given: FeatureMatrix) -> [Int]? {
    guard changed.dimensions == given.dimensions, changed.points == given.points else { return nil }
    let d = given.dimensions
    return given.withUnsafeBufferPointer { given in
      changed.withUnsafeBufferPointer { changed in
        var (areSame, areHalf) = (
          [Bool](repeating: true, count: d), [Bool](repeating: true, count: d)
        )
        for index in given.indices {
          areSame[index % d] = areSame[index % d] && changed[index] == given[index]
          areHalf[index % d] = areHalf[index % d] && 2 * changed[index] == given[index]
        }
        guard (0..<d).allSatisfy({ areSame[$0] || areHalf[$0] }) else { return nil }
        return (0..<d).filter { !areSame[$0] }
      }
    }
  }
}
