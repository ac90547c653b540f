import Lattice
import LatticePluginHeader
import LatticeSupport
import MeanField
import Unaries

/// What a plug-in shows, checked and turned into kinds; nothing is registered yet.
package struct PluginTable {
  let name: String
  package let kinds: [LoadedKind]
  /// Where the table lies, by which it is known again.
  let address: UnsafeRawPointer

  private static let mostKinds = 1000

  /// - Throws: `InputError` that says which part of the table is wrong.
  package init(_ table: UnsafePointer<latticecrf_plugin_table>?) throws {
    guard let table else {
      throw InputError(.data, "is a plug-in without a table: latticecrf_plugin() returns null")
    }
    address = UnsafeRawPointer(table)
    // Before anything else, which another version may have elsewhere.
    let version = table.pointee.abi_version
    guard version == LATTICECRF_PLUGIN_ABI_VERSION else {
      throw InputError(
        .data,
        "is a plug-in of version \(version) of the interface, but this program has "
          + "version \(LATTICECRF_PLUGIN_ABI_VERSION)",
        remedy: "compile it with the latticecrf_plugin.h of this version")
    }
    try Self.checkSize(
      table.pointee.size, of: latticecrf_plugin_table.self, "the table")
    guard let name = Self.text(table.pointee.name), !name.isEmpty else {
      throw InputError(.data, "is a plug-in without a name")
    }
    self.name = name
    let owner = "the plug-in \(quoted(name))"
    let count = Int(table.pointee.kind_count)
    guard (1...Self.mostKinds).contains(count), let kinds = table.pointee.kinds else {
      throw InputError(
        .data,
        "\(owner) brings "
          + (table.pointee.kinds == nil && count > 0 ? "no kinds" : "\(count) kinds")
          + ", but must bring 1…\(Self.mostKinds)")
    }
    self.kinds = try (0..<count).map { index in
      guard let head = kinds[index] else {
        throw InputError(.data, "kind \(index) of \(owner) is null")
      }
      do {
        return try LoadedKind(head, of: owner)
      } catch let error as InputError {
        throw InputError(
          error.kind, "kind \(index) of \(owner): \(error.problem)", remedy: error.remedy)
      }
    }
  }

  /// - Throws: `InputError` where a structure was compiled with another header.
  static func checkSize<Structure>(
    _ size: Int64, of type: Structure.Type, _ what: String
  ) throws {
    let expected = MemoryLayout<Structure>.size
    guard size == expected else {
      throw InputError(
        .data,
        "the size of \(what) is \(size) bytes, but \(expected) are expected",
        remedy: "begin the structure with its sizeof, and compile with the latticecrf_plugin.h of "
          + "this version")
    }
  }

  /// A text of a plug-in; `nil` where there is none, or it is not UTF-8.
  static func text(_ text: UnsafePointer<CChar>?) -> String? {
    text.flatMap { String(validatingCString: $0) }
  }
}

/// A kind of a plug-in, of whatever it is a kind of.
package enum LoadedKind {
  case kernel(KernelKind)
  case filter(FilterKind)
  case compatibility(CompatibilityKind)
  case unary(UnaryKind)
  case refinement(RefinementKind)
  case labelFilter(LabelFilterKind)

  var kind: any NamedKind {
    switch self {
    case .kernel(let kind): kind
    case .filter(let kind): kind
    case .compatibility(let kind): kind
    case .unary(let kind): kind
    case .refinement(let kind): kind
    case .labelFilter(let kind): kind
    }
  }

  var noun: String { type(of: kind).noun }
  var name: String { kind.name }

  /// Makes the kind known.
  ///
  /// - Throws: `InputError` where its name is taken.
  func register() throws {
    switch self {
    case .kernel(let kind): try KernelKind.registry.register(kind)
    case .filter(let kind): try FilterKind.registry.register(kind)
    case .compatibility(let kind): try CompatibilityKind.registry.register(kind)
    case .unary(let kind): try UnaryKind.registry.register(kind)
    case .refinement(let kind): try RefinementKind.registry.register(kind)
    case .labelFilter(let kind): try LabelFilterKind.registry.register(kind)
    }
  }

  /// Refinements and label filters are both steps of plans, which one name must tell apart.
  private var taken: (noun: String, names: [String]) {
    switch self {
    case .kernel: (noun, KernelKind.registry.names)
    case .filter: (noun, FilterKind.registry.names)
    case .compatibility: (noun, CompatibilityKind.registry.names)
    case .unary: (noun, UnaryKind.registry.names)
    case .refinement, .labelFilter: ("step", Plan.kindNames)
    }
  }

  /// - Parameter others: the kinds of the same plug-in, this one among them.
  /// - Throws: `InputError` where the name is taken.
  package func checkName(among others: [LoadedKind]) throws {
    let (noun, names) = taken
    guard !names.contains(name) else {
      throw InputError(
        .usage, "brings a \(noun) called \(quoted(name)), but there is one already",
        remedy: "give it a name of its own")
    }
    guard others.filter({ $0.name == name && $0.taken.noun == noun }).count == 1 else {
      throw InputError(
        .data, "brings two \(noun)s called \(quoted(name))", remedy: "give them different names")
    }
  }
}

// MARK: Reading kinds

extension LoadedKind {
  /// - Throws: `InputError` that says which part of the kind is wrong.
  init(_ head: UnsafePointer<latticecrf_plugin_kind>, of owner: String) throws {
    let raw = UnsafeRawPointer(head)
    func kind<Structure>(_ type: Structure.Type, _ noun: String) throws -> PluginKind<Structure> {
      try PluginKind(raw, as: type, noun: noun, owner: owner)
    }
    switch Int(head.pointee.role) {
    case LATTICECRF_PLUGIN_KERNEL:
      self = .kernel(
        try PluginKernel.kind(kind(latticecrf_plugin_kernel.self, KernelKind.noun)))
    case LATTICECRF_PLUGIN_FILTER:
      self = .filter(
        try PluginBackend.kind(kind(latticecrf_plugin_filter.self, FilterKind.noun)))
    case LATTICECRF_PLUGIN_COMPATIBILITY:
      self = .compatibility(
        try PluginCompatibility.kind(
          kind(latticecrf_plugin_compatibility.self, CompatibilityKind.noun)))
    case LATTICECRF_PLUGIN_UNARY:
      self = .unary(try PluginUnary.kind(kind(latticecrf_plugin_unary.self, UnaryKind.noun)))
    case LATTICECRF_PLUGIN_REFINEMENT:
      self = .refinement(
        try PluginRefinement.kind(
          kind(latticecrf_plugin_refinement.self, RefinementKind.noun)))
    case LATTICECRF_PLUGIN_LABEL_FILTER:
      self = .labelFilter(
        try PluginLabelFilter.kind(
          kind(latticecrf_plugin_label_filter.self, LabelFilterKind.noun)))
    default:
      throw InputError(
        .data, "its role is \(head.pointee.role), which is none of latticecrf_plugin.h's")
    }
  }
}

extension PluginKind {
  private static var mostSettings: Int { 100 }

  /// - Throws: `InputError` that says what is wrong with what all kinds have.
  init(
    _ raw: UnsafeRawPointer, as type: Structure.Type, noun: String, owner: String
  ) throws {
    head = raw.assumingMemoryBound(to: latticecrf_plugin_kind.self)
    structure = raw.assumingMemoryBound(to: Structure.self)
    try PluginTable.checkSize(head.pointee.size, of: Structure.self, "the \(noun)'s structure")
    guard let name = PluginTable.text(head.pointee.name) else {
      throw InputError(.data, "the \(noun) has no name")
    }
    self.name = name
    let title = "the \(noun) \(quoted(name))"
    self.title = "\(title) of \(owner)"
    guard isUsableInDescriptions(name) else {
      throw InputError(
        .data, "\(title) has a name that cannot stand in an option",
        remedy: "choose a word without blanks and without any of : , = and quotes")
    }
    guard let summary = PluginTable.text(head.pointee.summary), !summary.isEmpty else {
      throw InputError(.data, "\(title) has no summary", remedy: "say in a few words what it does")
    }
    self.summary = summary
    let count = Int(head.pointee.setting_count)
    guard (0...Self.mostSettings).contains(count), count == 0 || head.pointee.settings != nil else {
      throw InputError(
        .data,
        "\(title) has \(count) settings"
          + (head.pointee.settings == nil ? ", but they are null" : "")
          + "; there may be at most \(Self.mostSettings)")
    }
    var settings: [Setting] = []
    var keys: [UnsafePointer<CChar>] = []
    for index in 0..<count {
      let (setting, key) = try PluginSetting.read(
        head.pointee.settings[index], "setting \(index) of \(title)")
      guard !settings.contains(where: { $0.key == setting.key }) else {
        throw InputError(.data, "\(title) has two settings '\(setting.key)'")
      }
      settings.append(setting)
      keys.append(key)
    }
    self.settings = settings
    self.keys = keys
    example = PluginTable.text(head.pointee.example) ?? name
  }

  /// - Parameter functions: by name, whether they are there.
  /// - Throws: `InputError` where one is not.
  func require(_ functions: KeyValuePairs<String, Bool>) throws {
    if let missing = functions.first(where: { !$0.value }) {
      throw InputError(
        .data, "the function '\(missing.key)' of \(quoted(name)) is null, but must be there")
    }
  }

  /// - Throws: `InputError` where help would show an example that is refused.
  func checkExample() throws {
    do {
      let json = try JSONValue(description: example)
      guard json["kind"]?.text == name else {
        throw InputError(.data, "it does not begin with the kind's name")
      }
      _ = try Settings(
        settings, given: (json.members ?? []).filter { $0.key != "kind" }, of: name,
        example: example)
    } catch let error as InputError {
      throw InputError(
        .data,
        "the example of \(quoted(name)), \(quoted(example)), cannot be used: "
          + error.problem, remedy: "as in \(name):key=value,key=value")
    }
  }
}
