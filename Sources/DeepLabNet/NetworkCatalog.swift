import LatticeSupport

/// The networks that are known by name.
public enum NetworkCatalog {
  /// All networks, oldest first. A new one is a file in `Networks` and a line here.
  public static let all: [CatalogEntry] =
    FCN.entries
    + DeepLabV1.entries
    + [DeconvNet.entry]
    + DeepLabV2.entries
    + DeepLabSmall.entries
    + ResidualFCN.entries
    + DeepLabV3.entries
    + DeepLabV3Plus.entries

  /// The network called `name`.
  ///
  /// - Throws: `InputError` with the likeliest meaning where there is none.
  public static func entry(named name: String) throws -> CatalogEntry {
    guard let entry = all.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "network", among: all.map(\.name))
    }
    return entry
  }
}
