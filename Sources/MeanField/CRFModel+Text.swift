import Lattice
import LatticeSupport
import Unaries

extension CRFModel.Term: CustomStringConvertible {
  /// What describes the term besides its kernel and its compatibility.
  private enum Key {
    static let compatibility = "compatibility"
    static let normalization = "normalization"
    static let selfTerm = "self"
    static let all = [compatibility, normalization, selfTerm]
  }

  /// Reads a term as options have it: `bilateral:weight=4,spatial=67,color=3`.
  ///
  /// The settings are those of the kernel and of the compatibility, which is Potts' unless
  /// `compatibility=` names another, and `normalization=` and `self=`. A value with a comma stands
  /// in double quotes.
  /// - Throws: `InputError` that names the part that cannot be understood, and says what can.
  public init(_ text: String) throws {
    let json = try JSONValue(description: text)
    let kind = try KernelKind.registry.named(json["kind"]?.text ?? "")
    let compatibility = try CompatibilityKind.registry.named(
      json[Key.compatibility]?.text ?? CompatibilityKind.potts.name)
    let kernelKeys = kind.settings.map(\.key)
    let compatibilityKeys = compatibility.settings.map(\.key).filter { !kernelKeys.contains($0) }
    let members = (json.members ?? []).filter { $0.key != "kind" }
    let known = compatibilityKeys + kernelKeys + Key.all
    if let member = members.first(where: { !known.contains($0.key) }) {
      throw unknownName(member.key, of: "setting of the \(kind.name) kernel", among: known)
    }
    func settings(_ declared: [Setting], _ keys: [String]) throws -> Settings {
      try Settings(
        declared, given: members.filter { keys.contains($0.key) }, of: "\(kind.name) kernel",
        example: kind.example)
    }
    // The weight first: the bandwidths are always given.
    var term = CRFModel.Term(
      Description(kind), compatibility: Description(compatibility))
    term.compatibility.settings = try settings(compatibility.settings, compatibilityKeys)
    term.kernel.settings = try settings(kind.settings, kernelKeys)
    if let text = json[Key.normalization]?.text {
      term.normalization = try named(text, "normalization")
    }
    if let text = json[Key.selfTerm]?.text { term.selfTerm = try named(text, "self term") }
    self = term
  }

  /// The term as options have it: the weight first, then the kernel's settings in their order.
  public var description: String {
    var parts: [String] = []
    if compatibility.kind.name != CompatibilityKind.potts.name {
      parts.append("\(Key.compatibility)=\(compatibility.kind.name)")
    }
    parts += [compatibility.settings.text, kernel.settings.text]
    if normalization != .symmetric { parts.append("\(Key.normalization)=\(normalization)") }
    if selfTerm != .included { parts.append("\(Key.selfTerm)=\(selfTerm)") }
    return "\(kernel.kind.name):" + parts.filter { !$0.isEmpty }.joined(separator: ",")
  }
}

/// The case of an enumeration of that name.
func named<Value: RawRepresentable<String> & CaseIterable>(
  _ text: String, _ what: String
) throws -> Value {
  guard let value = Value(rawValue: text) else {
    throw unknownName(text, of: what, among: Value.allCases.map(\.rawValue))
  }
  return value
}

extension CRFModel: Codable {
  /// Reads it as files and options have it.
  public init(from decoder: any Decoder) throws {
    self = try CRFModel(json: JSONValue(from: decoder))
  }

  /// Writes it as files have it.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

  /// The model as JSON has it.
  public var json: JSONValue {
    .object([
      "name": name.map { .text($0) }, "source": source.map { .text($0) },
      "terms": .list(terms.map(\.json)), "iterations": .number(iterations),
      "tolerance": tolerance == 0 ? nil : .number(tolerance), "filter": filter.json,
      "solver": solver.settings.values.isEmpty ? .text(solver.kind.name) : solver.json,
    ])
  }

  private static let keys = [
    "name", "source", "terms", "iterations", "tolerance", "filter", "solver",
  ]
  private static let mostIterations = 1_000_000
  /// The form of files before `terms`: DeepLab's two kernels by name.
  private static let olderKeys = ["gaussian", "bilateral"]

  /// Reads a model, or a file of parameters in the form before `terms`.
  ///
  /// - Throws: `InputError` that names the key and what is expected there.
  public init(json: JSONValue) throws {
    guard let members = json.members else {
      throw InputError(
        .data, "is not a model: expected a JSON object, but it is \(json)",
        remedy: #"as in {"terms": [{"kernel": {"kind": "gaussian", "spatial": 3}, "#
          + #""compatibility": {"kind": "potts", "weight": 3}}], "iterations": 10}"#)
    }
    let isOlder = json["terms"] == nil && Self.olderKeys.contains { json[$0] != nil }
    let known = isOlder ? Self.olderKeys + Self.keys + ["normalization"] : Self.keys
    try Self.check(members, of: "model", among: known)
    self.init(terms: try isOlder ? Self.olderTerms(json) : Self.terms(json["terms"]))
    name = try json["name"].map { try Self.text($0, "name") }
    source = try json["source"].map { try Self.text($0, "source") }
    try setUpdates(json)
    if let value = json["filter"] { filter = try Description(value, in: FilterKind.registry) }
    if let value = json["solver"] { solver = try Description(solver: value) }
  }

  private mutating func setUpdates(_ json: JSONValue) throws {
    if let value = json["iterations"] {
      guard let count = value.number.flatMap({ Int(exactly: $0) }),
        (0...Self.mostIterations).contains(count)
      else {
        throw InputError(
          .data, "'iterations' is \(value), but must be a whole number 0…\(Self.mostIterations)",
          remedy: "5 to 10 are usual")
      }
      iterations = count
    }
    if let value = json["tolerance"] {
      guard let number = value.number.map(Float.init), number >= 0, number.isFinite else {
        throw InputError(
          .data, "'tolerance' is \(value), but must be 0 or more",
          remedy: "0 makes every update; 0.001 stops early")
      }
      tolerance = number
    }
  }

  private static func terms(_ json: JSONValue?) throws -> [Term] {
    guard case .list(let terms)? = json else {
      throw InputError(
        .data, json.map { "'terms' is \($0), but must be a list" } ?? "lacks 'terms'",
        remedy: #"as in "terms": [{"kernel": {"kind": "gaussian", "spatial": 3}, "#
          + #""compatibility": {"kind": "potts", "weight": 3}}]"#)
    }
    return try terms.enumerated().map { index, json in
      do {
        return try Term(json: json)
      } catch let error as InputError {
        throw error.within("term \(index)")
      }
    }
  }

  private static func olderTerms(_ json: JSONValue) throws -> [Term] {
    let normalization: Normalization =
      try json["normalization"].map {
        try MeanField.named(text($0, "normalization"), "normalization")
      } ?? .symmetric
    return try [KernelKind.gaussian, .bilateral].map { kind in
      guard let members = json[kind.name] else {
        throw InputError(
          .data, "lacks '\(kind.name)'",
          remedy: "give its " + (["weight"] + kind.settings.map(\.key)).joined(separator: ", ")
            + "; a weight of 0 takes it away")
      }
      guard let members = members.members else {
        throw InputError(.data, "'\(kind.name)' is \(members), but must be an object")
      }
      let keys = ["weight"] + kind.settings.map(\.key)
      try check(members, of: "\(kind.name) kernel", among: keys)
      var term = Term(Description(kind), weight: 0, normalization: normalization)
      let owner = "\(kind.name) kernel"
      term.compatibility.settings = try Settings(
        CompatibilityKind.potts.settings, given: members.filter { $0.key == "weight" }, of: owner,
        example: kind.example)
      term.kernel.settings = try Settings(
        kind.settings, given: members.filter { $0.key != "weight" }, of: owner,
        example: kind.example)
      return term
    }
  }

  fileprivate static func check(
    _ members: [JSONValue.Member], of what: String, among keys: [String]
  ) throws {
    if let member = members.first(where: { !keys.contains($0.key) }) {
      throw unknownName(member.key, of: "key of a \(what)", among: keys)
    }
  }

  fileprivate static func text(_ json: JSONValue, _ key: String) throws -> String {
    guard let text = json.text else {
      throw InputError(.data, "'\(key)' is \(json), but must be a text", remedy: "put it in quotes")
    }
    return text
  }
}

extension CRFModel.Term {
  /// The term as JSON has it.
  public var json: JSONValue {
    .object([
      "kernel": kernel.json, "compatibility": compatibility.json,
      "normalization": .text(normalization.rawValue), "self": .text(selfTerm.rawValue),
    ])
  }

  /// Reads a term.
  ///
  /// - Throws: `InputError` that names the key and what is expected there.
  public init(json: JSONValue) throws {
    guard let members = json.members else {
      throw InputError(.data, "is \(json), but must be an object")
    }
    try CRFModel.check(
      members, of: "term", among: ["kernel", "compatibility", "normalization", "self"])
    guard let kernel = json["kernel"] else {
      throw InputError(
        .data, "lacks 'kernel'", remedy: #"as in "kernel": {"kind": "gaussian", "spatial": 3}"#)
    }
    guard let compatibility = json["compatibility"] else {
      throw InputError(
        .data, "lacks 'compatibility'",
        remedy: #"as in "compatibility": {"kind": "potts", "weight": 3}"#)
    }
    self.init(
      try Description(kernel, in: KernelKind.registry),
      compatibility: try Description(compatibility, in: CompatibilityKind.registry))
    if let value = json["normalization"] {
      normalization = try named(CRFModel.text(value, "normalization"), "normalization")
    }
    if let value = json["self"] {
      selfTerm = try named(CRFModel.text(value, "self"), "self term")
    }
  }
}
