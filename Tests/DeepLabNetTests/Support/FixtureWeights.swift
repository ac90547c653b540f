import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// The weights of the network fixtures: every tensor is a function of its name.
///
/// SplitMix64 (Steele et al. 2014, doi:10.1145/2660193.2660195), seeded by the name's FNV-1a hash;
/// `net/README.md` in the fixtures has the rule.
package struct FixtureWeights: Checkpoint {
  /// What the values of a tensor are made for.
  package struct Rule: Sendable {
    let shape: [Int]
    let kind: String
    let fanIn: Double
    let gain: Double

    /// - Parameter parameter: an element of `params` in a case.
    package init(_ parameter: AnyJSON) {
      shape = parameter["shape"].numbers.map { Int($0) }
      kind = parameter["kind"].string ?? ""
      fanIn = parameter["fan_in"].number ?? 1
      gain = parameter["gain"].number ?? 1
    }
  }

  package let place: String
  package let entries: [CheckpointEntry]
  private let rules: [String: Rule]
  private let salt: String

  /// The weights of the case in the folder `net/name`.
  package init(folder name: String) throws {
    let contents = try AnyJSON.read(Shared.fixture("net/\(name)/case.json"))
    let parameters = contents["params"].elements.map { ($0["key"].string ?? "", Rule($0)) }
    self.init(
      place: name, salt: contents["salt"].string ?? "",
      parameters: parameters.map { (name: $0.0, rule: $0.1) })
  }

  package init(place: String, salt: String, parameters: [(name: String, rule: Rule)]) {
    self.place = place
    self.salt = salt
    entries = parameters.map { name, rule in
      CheckpointEntry(
        name: name, shape: rule.shape, storedType: rule.kind == "bn_count" ? "int64" : "float32")
    }
    rules = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.rule) })
  }

  package func values(of name: String) throws -> ParameterValues {
    guard let rule = rules[name] else { throw InputError(.data, at: place, "no tensor '\(name)'") }
    let buffer = AlignedBuffer<Float>(zeros: rule.shape.reduce(1, *))
    switch rule.kind {
    case "bn_count": break
    case "bilinear": fillBilinear(buffer, size: rule.shape[2], channels: rule.shape[0])
    default: fill(buffer, seed: Self.hash(salt + name), rule)
    }
    return ParameterValues(shape: rule.shape, storage: buffer)
  }

  /// FNV-1a, 64 bits.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private func fill(_ buffer: AlignedBuffer<Float>, seed: UInt64, _ rule: Rule) {
    let (origin, scale): (Double, Double) =
      switch rule.kind {
      case "weight": (-0.5, 2.0 * (3.0 / rule.fanIn).squareRoot() * rule.gain)
      case "bias": (-0.5, 0.1)
      case "bn_weight", "bn_var": (0.5, 1)
      default: (-0.5, 0.2)
      }
    Parallelism.automatic.forEachChunk(of: buffer.count, grain: 1 << 16) { range in
      for index in range {
        var z = seed &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        buffer.base[index] = Float((Double(z >> 40) * 0x1p-24 + origin) * scale)
      }
    }
  }

  /// Interpolation: f(row) · f(column) on the diagonal, f(t) = 1 − |t − m| / q.
  private func fillBilinear(_ buffer: AlignedBuffer<Float>, size: Int, channels: Int) {
    let q = Double((size + 1) / 2)
    let middle = size % 2 == 1 ? q - 1 : q - 0.5
    let line = (0..<size).map { 1 - abs(Double($0) - middle) / q }
    for channel in 0..<channels {
      let plane = buffer.base + (channel * channels + channel) * size * size
      for index in 0..<size * size {
        plane[index] = Float(line[index / size] * line[index % size])
      }
    }
  }
}
