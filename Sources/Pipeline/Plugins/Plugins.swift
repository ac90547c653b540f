import LatticePluginHeader
import LatticeSupport
import Synchronization

/// Kinds from shared libraries that a person names: see `latticecrf_plugin.h`.
///
/// What is loaded is registered beside what is built in, and known wherever that is. Nothing is
/// looked for: no folder, no variable of the environment and no file of data leads to a library.
public enum Plugins {
  private struct Loaded {
    let table: UnsafeRawPointer
    let plugin: Plugin
  }

  // Held while a library is loaded, so that two that bring the same names do not both get in.
  private nonisolated(unsafe) static var known: [Loaded] = []
  private static let lock = Mutex<Void>(())

  /// What has been loaded and added so far, in order.
  public static var loaded: [Plugin] { lock.withLock { _ in known.map(\.plugin) } }

  /// Loads a shared library and registers its kinds; one that is there already is not loaded again.
  ///
  /// The library's symbols stay its own, so that several plug-ins do not meet. It stays loaded.
  ///
  /// - Parameter path: of the file; taken as it is, and looked for nowhere.
  /// - Returns: what it brings.
  /// - Throws: `InputError` where it is not there or not a library for this machine, is not a
  ///   plug-in or one of another version, describes a kind wrongly, or brings a name that is taken.
  ///   Nothing is registered then.
  @discardableResult
  public static func load(path: String) throws -> Plugin {
    try lock.withLock { _ in
      let library = try SharedLibrary(path)
      do {
        return try register(try library.table(), path: path)
      } catch let error as InputError {
        library.unload()
        throw error.at(path)
      }
    }
  }

  /// Registers the kinds of a plug-in that is part of the program.
  ///
  /// - Parameter table: as `latticecrf_plugin()` returns it; what it points to must stay.
  /// - Returns: what it brings.
  /// - Throws: as `load(path:)` does.
  @discardableResult
  public static func add(_ table: UnsafePointer<latticecrf_plugin_table>?) throws -> Plugin {
    try lock.withLock { _ in try register(table, path: nil) }
  }

  private static func register(
    _ table: UnsafePointer<latticecrf_plugin_table>?, path: String?
  ) throws -> Plugin {
    if let table, let there = known.first(where: { $0.table == UnsafeRawPointer(table) }) {
      return there.plugin
    }
    let contents = try PluginTable(table)
    for kind in contents.kinds { try kind.checkName(among: contents.kinds) }
    for kind in contents.kinds { try kind.register() }
    let plugin = Plugin(
      name: contents.name, path: path,
      kinds: contents.kinds.map { Plugin.Kind(noun: $0.noun, name: $0.name) })
    known.append(Loaded(table: contents.address, plugin: plugin))
    return plugin
  }
}

/// What a plug-in has brought.
public struct Plugin: Sendable, Hashable {
  /// What it calls itself.
  public let name: String
  /// The file that it was loaded from; `nil` for a part of the program.
  public let path: String?
  /// Its kinds, in its order.
  public let kinds: [Kind]

  /// One kind.
  public struct Kind: Sendable, Hashable {
    /// What it is a kind of: `kernel`, `label filter`.
    public let noun: String
    /// What descriptions call it.
    public let name: String
  }

  /// The plug-in as JSON has it.
  package var json: JSONValue {
    .object([
      "name": .text(name), "path": path.map { .text($0) },
      "kinds": .list(kinds.map { .object(["noun": .text($0.noun), "name": .text($0.name)]) }),
    ])
  }
}
