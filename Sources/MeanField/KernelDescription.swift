import LatticeSupport
import Unaries

/// A kernel and its weight in words: `bilateral:weight=4,spatial=67,color=3`.
///
/// What command-line options, presets and configuration files say, checked as far as that goes
/// without a scene. A file name that contains a comma stands in double quotes:
/// `features:weight=2,file="a,b.npy"`.
public struct KernelDescription: Sendable {
  /// What kind of kernel it is.
  public let kind: KernelKind
  /// w, the weight of the term's Potts compatibility; finite.
  public let weight: Float
  /// The kernel's own settings.
  public private(set) var settings: KernelSettings

  /// A kernel of settings that `kind` takes.
  init(_ kind: KernelKind, weight: Float, _ values: [String: KernelSettings.Value]) {
    self.kind = kind
    self.weight = weight
    settings = KernelSettings(values: values)
  }

  /// Reads a description.
  ///
  /// - Throws: `InputError` that names the part that cannot be understood, and says what can.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    kind = try KernelKind.named(String(parts[0]))
    let texts = try Self.settings(in: parts.count > 1 ? parts[1] : "", of: kind)
    weight = try Self.weight(texts["weight"], of: kind)
    settings = KernelSettings()
    for parameter in kind.parameters {
      if let text = texts[parameter.key] {
        settings.values[parameter.key] = try KernelSettings.Value(
          text, as: parameter.type, key: parameter.key)
      } else if parameter.isRequired {
        throw Self.missing(parameter.key, of: kind)
      }
    }
  }

  /// The kernel, for scenes over `grid`.
  ///
  /// - Parameters:
  ///   - grid: the scenes' grid.
  ///   - arrays: what the description's names of arrays stand for.
  /// - Throws: `InputError` where an array that it needs cannot be used.
  public func kernel(
    on grid: GridShape, arrays: NamedArrays = .none
  ) throws -> any PairwiseKernel {
    try kind.make(settings, grid, arrays)
  }

  /// The same kernel with other files: `replacement` gets the path of each.
  public func replacingFiles(_ replacement: (String) throws -> String) rethrows -> Self {
    var result = self
    for (key, value) in settings.values {
      if case .file(let path) = value {
        result.settings.values[key] = .file(try replacement(path))
      }
    }
    return result
  }

  /// The largest bandwidth of positions, in grid steps; `nil` for a kernel that does not compare
  /// positions, to which every point is as near as any other.
  public var largestSpatialBandwidth: Float? {
    guard case .bandwidths(let bandwidths)? = settings.values["spatial"] else { return nil }
    return bandwidths.values.max()
  }

  /// The bandwidths of colour, in the units of the image's values; `nil` for a kernel that does not
  /// compare colours.
  public var colorBandwidths: Bandwidths? {
    guard case .bandwidths(let bandwidths)? = settings.values["color"] else { return nil }
    return bandwidths
  }

  /// The files that the kernel is read from.
  public var files: [String] {
    settings.values.values.compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  private static func settings(
    in text: Substring, of kind: KernelKind
  ) throws -> [String: Substring] {
    let known = ["weight"] + kind.parameters.map(\.key)
    var settings: [String: Substring] = [:]
    for part in try parts(of: text) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw InputError(
          .usage, "'\(part)' is not a setting of the form key=value",
          remedy: "as in \(kind.example)")
      }
      let key = String(sides[0])
      guard known.contains(key) else {
        throw unknownName(key, of: "setting of the \(kind.name) kernel", among: known)
      }
      let value = sides[1].filter { $0 != "\"" }[...]
      guard settings.updateValue(value, forKey: key) == nil else {
        throw InputError(.usage, "'\(key)' is given twice", remedy: "leave one out")
      }
    }
    return settings
  }

  /// What commas part that do not stand in quotes; empty parts are passed over.
  private static func parts(of text: Substring) throws -> [Substring] {
    var isQuoted = false
    let parts = text.split { character in
      if character == "\"" { isQuoted.toggle() }
      return character == "," && !isQuoted
    }
    guard !isQuoted else {
      throw InputError(
        .usage, "'\(text)' has a quote that is not closed",
        remedy: "write file=\"a,b.npy\" for a name with a comma")
    }
    return parts
  }

  private static func weight(_ text: Substring?, of kind: KernelKind) throws -> Float {
    guard let text else { throw missing("weight", of: kind) }
    guard let weight = Float(text), weight.isFinite else {
      throw InputError(
        .usage, "'weight=\(text)' is no finite number", remedy: "as in \(kind.example)")
    }
    return weight
  }

  private static func missing(_ key: String, of kind: KernelKind) -> InputError {
    InputError(
      .usage, "the \(kind.name) kernel lacks '\(key)='", remedy: "as in \(kind.example)")
  }
}

extension KernelDescription: CustomStringConvertible {
  /// The description, settings in the order of the kind's parameters.
  public var description: String {
    let given = kind.parameters.compactMap { parameter in
      settings.values[parameter.key].map { "\(parameter.key)=\($0)" }
    }
    return "\(kind.name):" + (["weight=\(weight.shortText)"] + given).joined(separator: ",")
  }
}
