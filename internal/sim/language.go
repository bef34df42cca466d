package sim

import "strings"

// Languages are those in which the commands can speak; the first is the product's own.
func Languages() []string { return []string{"en_US", "de_DE", "fr_FR", "ja_JP"} }

// phrase is one message of a catalogue: as the product says it, and in the other languages, in their order. Tools
// names the commands whose catalogue has it, parted by blanks; "" is all. Keywords that come from no catalogue
// (attributes of clmgr, names of states of clstrmgrES, ODM fields, tunables) are not in it. The translations are ours:
// nothing may hang on their words.
type phrase struct {
	tools, en string
	other     [3]string
}

func phrases() []phrase {
	const rg, src, err = "clRGinfo clfindres", "lssrc clshowsrv", "errpt"
	return []phrase{
		{"", "ERROR: ", [3]string{"FEHLER: ", "ERREUR : ", "エラー: "}},
		{"", "WARNING: ", [3]string{"WARNUNG: ", "AVERTISSEMENT : ", "警告: "}},
		{"", "Usage: ", [3]string{"Syntax: ", "Syntaxe : ", "使用法: "}},
		{"", "does not appear to exist!", [3]string{"ist nicht vorhanden!", "n'existe pas !", "は存在しません。"}},
		{rg, "Cluster IPC error: The cluster manager on node", [3]string{"Cluster-IPC-Fehler: Der Cluster-Manager auf Knoten", "Erreur IPC du cluster : le gestionnaire du noeud", "クラスター IPC エラー: ノードのクラスター・マネージャー"}},
		{rg, "and cannot process the IPC request", [3]string{"und kann die Anforderung nicht verarbeiten", "et ne peut pas traiter la demande", "であり、要求を処理できません"}},
		{rg, "Resource Group Name", [3]string{"Name der Ressourcengruppe", "Nom du groupe de ressources", "リソース・グループ名"}},
		{rg, "Group Name", [3]string{"Gruppenname", "Nom du groupe", "グループ名"}},
		{rg, "Group State", [3]string{"Gruppenstatus", "Etat du groupe", "グループ状態"}},
		{rg, "Application state", [3]string{"Anwendungsstatus", "Etat de l'application", "アプリケーション状態"}},
		{rg, "  Node\n", [3]string{"  Knoten\n", "  Noeud\n", "  ノード\n"}},
		{rg, "\nNode ", [3]string{"\nKnoten ", "\nNoeud ", "\nノード "}},
		{rg + " cltopinfo", "Startup Policy", [3]string{"Startrichtlinie", "Regle de demarrage", "始動ポリシー"}},
		{rg + " cltopinfo", "Fallover Policy", [3]string{"Uebernahmerichtlinie", "Regle de reprise", "フォールオーバー・ポリシー"}},
		{rg + " cltopinfo", "Fallback Policy", [3]string{"Rueckuebernahmerichtlinie", "Regle de retour", "フォールバック・ポリシー"}},
		{"clRGinfo cltopinfo", "Cluster Name:", [3]string{"Clustername:", "Nom du cluster :", "クラスター名:"}},
		{src, "Subsystem         Group            PID          Status", [3]string{"Subsystem         Gruppe           PID          Status", "Sous-systeme      Groupe           PID          Etat", "サブシステム      グループ         PID          状況"}},
		{"clshowsrv", "Status of the RSCT subsystems used by PowerHA SystemMirror:", [3]string{"Status der von PowerHA SystemMirror verwendeten RSCT-Subsysteme:", "Etat des sous-systemes RSCT de PowerHA SystemMirror :", "PowerHA SystemMirror が使用する RSCT サブシステムの状況:"}},
		{"clshowsrv", "Status of the PowerHA SystemMirror subsystems:", [3]string{"Status der PowerHA SystemMirror-Subsysteme:", "Etat des sous-systemes PowerHA SystemMirror :", "PowerHA SystemMirror サブシステムの状況:"}},
		{"clshowsrv", "Status of the CAA subsystems:", [3]string{"Status der CAA-Subsysteme:", "Etat des sous-systemes CAA :", "CAA サブシステムの状況:"}},
		{"clshowsrv", "Details of PowerHA SystemMirror cluster manager:", [3]string{"Details des Cluster-Managers:", "Details du gestionnaire de cluster :", "クラスター・マネージャーの詳細:"}},
		{src, " active\n", [3]string{" aktiv\n", " actif\n", " 活動中\n"}},
		{src, " inoperative\n", [3]string{" nicht betriebsbereit\n", " inactif\n", " 操作不能\n"}},
		{src, "Current state:", [3]string{"Aktueller Status:", "Etat en cours :", "現在の状態:"}},
		{src, "local node vrmf is", [3]string{"VRMF des lokalen Knotens ist", "le vrmf du noeud local est", "ローカル・ノードの vrmf は"}},
		{src, "cluster fix level is", [3]string{"Fixstufe des Clusters ist", "le niveau de correctif est", "クラスターのフィックス・レベルは"}},
		{src, "Forced down node list:", [3]string{"Liste der zwangsweise gestoppten Knoten:", "Liste des noeuds arretes de force :", "強制停止ノード・リスト:"}},
		{src, "Last event run was", [3]string{"Letztes Ereignis war", "Dernier evenement :", "最後に実行されたイベント:"}},
		{src, "Subsystem is not on file.", [3]string{"Subsystem ist nicht registriert.", "sous-systeme est inconnu.", "サブシステムはファイルにありません。"}},
		{"lssrc listdms", "Dead Man Switch Enabled", [3]string{"Totmannschalter aktiviert", "Controle de presence active", "デッドマン・スイッチ使用可能"}},
		{"lssrc listdms", "Dead Man Switch Disabled", [3]string{"Totmannschalter inaktiviert", "Controle de presence desactive", "デッドマン・スイッチ使用不可"}},
		{"lssrc", "Critical clients will not be terminated even if unresponsive", [3]string{"Kritische Clients werden nicht beendet, auch wenn sie nicht antworten", "Les clients critiques ne seront pas arretes", "クリティカル・クライアントは終了しません"}},
		{"lssrc", "Critical clients will be terminated if unresponsive", [3]string{"Kritische Clients werden beendet, wenn sie nicht antworten", "Les clients critiques seront arretes", "クリティカル・クライアントは終了します"}},
		{"clmgr", "is now unmanaged.", [3]string{"wird jetzt nicht verwaltet.", "n'est plus gere.", "は管理対象外になりました。"}},
		{"clmgr", "is now online.", [3]string{"ist jetzt online.", "est en ligne.", "はオンラインになりました。"}},
		{"clmgr", "is now offline.", [3]string{"ist jetzt offline.", "est hors ligne.", "はオフラインになりました。"}},
		{"clmgr", "Verification has completed normally.", [3]string{"Die Pruefung wurde normal beendet.", "La verification s'est terminee normalement.", "検証は正常に完了しました。"}},
		{"lscluster", "Calling node query for all nodes...", [3]string{"Knotenabfrage fuer alle Knoten...", "Interrogation de tous les noeuds...", "すべてのノードを照会中..."}},
		{"lscluster", "Node name:", [3]string{"Knotenname:", "Nom du noeud :", "ノード名:"}},
		{"lscluster", "State of node:", [3]string{"Status des Knotens:", "Etat du noeud :", "ノードの状態:"}},
		{"lscluster", "Cluster services are not active", [3]string{"Die Cluster-Services sind nicht aktiv", "Les services du cluster ne sont pas actifs", "クラスター・サービスは活動状態ではありません"}},
		{err, "IDENTIFIER TIMESTAMP  T C RESOURCE_NAME  DESCRIPTION", [3]string{"BEZEICHNER ZEITMARKE  T K RESSOURCE      BESCHREIBUNG", "IDENT.     HORODATE   T C RESSOURCE      DESCRIPTION", "ID         タイム・スタンプ T C リソース名 説明"}},
		{err, "Date/Time:", [3]string{"Datum/Uhrzeit:", "Date/Heure :", "日付/時刻:"}},
		{err, "Sequence Number:", [3]string{"Folgenummer:", "Numero de sequence :", "順序番号:"}},
		{err, "Resource Name:", [3]string{"Ressourcenname:", "Nom de ressource :", "リソース名:"}},
		{err, "Description\n", [3]string{"Beschreibung\n", "Description\n", "説明\n"}},
		{err, "Client Partition Migration Started", [3]string{"Clientpartitionsmigration gestartet", "Migration de la partition demarree", "クライアント区画の移行が開始"}},
		{err, "Client Partition Migration Completed", [3]string{"Clientpartitionsmigration beendet", "Migration de la partition terminee", "クライアント区画の移行が完了"}},
		{err, "Client Partition Migration Aborted", [3]string{"Clientpartitionsmigration abgebrochen", "Migration de la partition annulee", "クライアント区画の移行が異常終了"}},
		{"lsattr", "Hardware system identifier", [3]string{"Hardwaresystem-ID", "Identificateur du materiel", "ハードウェア・システム ID"}},
		{"lsattr", "Machine name", [3]string{"Maschinenname", "Nom de la machine", "マシン名"}},
		{"lparstat", "Node Name  ", [3]string{"Knotenname ", "Nom noeud  ", "ノード名   "}},
		{"lparstat", "Partition Name  ", [3]string{"Partitionsname  ", "Nom partition   ", "区画名          "}},
		{"lparstat", "Partition Number  ", [3]string{"Partitionsnummer  ", "Numero partition  ", "区画番号          "}},
		{"clctrl", "tunable updated on cluster", [3]string{"optimierbarer Parameter aktualisiert auf Cluster", "parametre mis a jour sur le cluster", "調整可能パラメーターが更新されました:"}},
		{"drmgr", "DR Install Root Directory", [3]string{"DR-Installationsstammverzeichnis", "Repertoire racine DR", "DR インストール・ルート・ディレクトリー"}},
	}
}

// stateWords are translated only where knob translated_states says that the catalogue has them.
func stateWords() []phrase {
	const rg = "clRGinfo clfindres"
	return []phrase{
		{rg, "UNMANAGED", [3]string{"NICHT VERWALTET", "NON GERE", "管理対象外"}},
		{rg, "ONLINE", [3]string{"AKTIV", "EN LIGNE", "オンライン"}},
		{rg, "OFFLINE", [3]string{"INAKTIV", "HORS LIGNE", "オフライン"}},
		{rg, "ERROR", [3]string{"FEHLER", "ERREUR", "エラー"}},
	}
}

// translate puts what a command prints into the language of the node, unless the caller asked for LC_ALL=C and is
// obeyed.
func (c *Core) translate(cm *cmd, text string) string {
	lang := -1
	for i, l := range Languages() {
		if l == c.knob(cm.node, "language") {
			lang = i - 1
		}
	}
	plain := cm.locale == "C" || cm.locale == "POSIX"
	if lang < 0 || plain && c.knob(cm.node, "lc_all") == "obeyed" {
		return text
	}
	list := phrases()
	if c.knob(cm.node, "translated_states") == "yes" {
		list = append(list, stateWords()...)
	}
	var pairs []string
	for _, p := range list {
		if p.tools == "" || strings.Contains(" "+p.tools+" ", " "+cm.name+" ") {
			pairs = append(pairs, p.en, p.other[lang])
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
