BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	participation_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	name VARCHAR(24) NOT NULL, 
	session INTEGER NOT NULL, 
	phase VARCHAR(16) NOT NULL, 
	trial VARCHAR, 
	duration_ms DOUBLE, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_participation_id FOREIGN KEY(participation_id) REFERENCES participations (id), 
	CONSTRAINT uq_events_participation_id UNIQUE (participation_id, number)
);
INSERT INTO "events" VALUES(1,1,1,'consented',0,'consent',NULL,NULL,'2025-03-01 12:00:00.000000');
INSERT INTO "events" VALUES(2,1,2,'trial_shown',0,'practice','t0013',NULL,'2025-03-01 12:00:04.250000');
INSERT INTO "events" VALUES(3,1,3,'training_left',0,'practice','t0013',537.5,'2025-03-01 12:00:06.375000');
INSERT INTO "events" VALUES(4,1,4,'trial_shown',0,'practice','t0014',NULL,'2025-03-01 12:00:06.375000');
INSERT INTO "events" VALUES(5,1,5,'training_left',0,'practice','t0014',550.0,'2025-03-01 12:00:08.500000');
INSERT INTO "events" VALUES(6,1,6,'trial_shown',0,'practice','t0015',NULL,'2025-03-01 12:00:08.500000');
INSERT INTO "events" VALUES(7,1,7,'trial_shown',0,'practice','t0016',NULL,'2025-03-01 12:00:10.625000');
INSERT INTO "events" VALUES(8,1,8,'reservoir_opened',0,'practice','t0016',1500.0,'2025-03-01 12:00:12.750000');
INSERT INTO "events" VALUES(9,1,9,'trial_shown',0,'practice','t0017',NULL,'2025-03-01 12:00:12.750000');
INSERT INTO "events" VALUES(10,1,10,'trial_shown',0,'practice','t0018',NULL,'2025-03-01 12:00:14.875000');
INSERT INTO "events" VALUES(11,1,11,'practice_passed',0,'practice',NULL,NULL,'2025-03-01 12:00:17.000000');
INSERT INTO "events" VALUES(12,1,12,'quiz_passed',0,'quiz',NULL,NULL,'2025-03-01 12:00:21.250000');
INSERT INTO "events" VALUES(13,1,13,'assigned',0,'quiz',NULL,NULL,'2025-03-01 12:00:21.250000');
INSERT INTO "events" VALUES(14,1,14,'trial_shown',1,'training','t0000',NULL,'2025-03-01 12:00:23.375000');
INSERT INTO "events" VALUES(15,1,15,'training_left',1,'training','t0000',650.0,'2025-03-01 12:00:25.500000');
INSERT INTO "events" VALUES(16,1,16,'trial_shown',1,'training','t0001',NULL,'2025-03-01 12:00:25.500000');
INSERT INTO "events" VALUES(17,1,17,'training_left',1,'training','t0001',662.5,'2025-03-01 12:00:27.625000');
INSERT INTO "events" VALUES(18,1,18,'trial_shown',1,'training','t0002',NULL,'2025-03-01 12:00:27.625000');
INSERT INTO "events" VALUES(19,1,19,'training_left',1,'training','t0002',675.0,'2025-03-01 12:00:29.750000');
INSERT INTO "events" VALUES(20,1,20,'trial_shown',1,'training','t0003',NULL,'2025-03-01 12:00:29.750000');
INSERT INTO "events" VALUES(21,1,21,'training_left',1,'training','t0003',687.5,'2025-03-01 12:00:31.875000');
INSERT INTO "events" VALUES(22,1,22,'trial_shown',1,'training','t0004',NULL,'2025-03-01 12:00:31.875000');
INSERT INTO "events" VALUES(23,1,23,'training_left',1,'training','t0004',700.0,'2025-03-01 12:00:34.000000');
INSERT INTO "events" VALUES(24,1,24,'trial_shown',1,'test','t0005',NULL,'2025-03-01 12:00:34.000000');
INSERT INTO "events" VALUES(25,1,25,'trial_shown',1,'test','t0006',NULL,'2025-03-01 12:00:36.125000');
INSERT INTO "events" VALUES(26,1,26,'reservoir_opened',1,'test','t0006',1500.0,'2025-03-01 12:00:38.250000');
INSERT INTO "events" VALUES(27,1,27,'trial_shown',1,'test','t0007',NULL,'2025-03-01 12:00:38.250000');
INSERT INTO "events" VALUES(28,1,28,'trial_shown',1,'test','t0008',NULL,'2025-03-01 12:00:40.375000');
INSERT INTO "events" VALUES(29,1,29,'trial_shown',1,'test','t0009',NULL,'2025-03-01 12:00:42.500000');
INSERT INTO "events" VALUES(30,1,30,'trial_shown',1,'test','t0010',NULL,'2025-03-01 12:00:44.625000');
INSERT INTO "events" VALUES(31,1,31,'trial_shown',1,'test','t0011',NULL,'2025-03-01 12:00:46.750000');
INSERT INTO "events" VALUES(32,1,32,'trial_shown',1,'test','t0012',NULL,'2025-03-01 12:00:48.875000');
INSERT INTO "events" VALUES(33,1,33,'completed',1,'end',NULL,NULL,'2025-03-01 12:00:51.000000');
INSERT INTO "events" VALUES(34,2,1,'consented',0,'consent',NULL,NULL,'2025-03-01 12:00:53.125000');
INSERT INTO "events" VALUES(35,2,2,'trial_shown',0,'practice','t0013',NULL,'2025-03-01 12:00:57.375000');
INSERT INTO "events" VALUES(36,2,3,'training_left',0,'practice','t0013',537.5,'2025-03-01 12:00:59.500000');
INSERT INTO "events" VALUES(37,2,4,'trial_shown',0,'practice','t0014',NULL,'2025-03-01 12:00:59.500000');
INSERT INTO "events" VALUES(38,2,5,'training_left',0,'practice','t0014',550.0,'2025-03-01 12:01:01.625000');
INSERT INTO "events" VALUES(39,2,6,'trial_shown',0,'practice','t0015',NULL,'2025-03-01 12:01:01.625000');
INSERT INTO "events" VALUES(40,2,7,'trial_shown',0,'practice','t0016',NULL,'2025-03-01 12:01:03.750000');
INSERT INTO "events" VALUES(41,2,8,'reservoir_opened',0,'practice','t0016',1500.0,'2025-03-01 12:01:05.875000');
INSERT INTO "events" VALUES(42,2,9,'trial_shown',0,'practice','t0017',NULL,'2025-03-01 12:01:05.875000');
INSERT INTO "events" VALUES(43,2,10,'trial_shown',0,'practice','t0018',NULL,'2025-03-01 12:01:08.000000');
INSERT INTO "events" VALUES(44,2,11,'practice_failed',0,'practice',NULL,NULL,'2025-03-01 12:01:10.125000');
INSERT INTO "events" VALUES(45,2,12,'trial_shown',0,'practice','t0013',NULL,'2025-03-01 12:01:12.250000');
INSERT INTO "events" VALUES(46,2,13,'training_left',0,'practice','t0013',625.0,'2025-03-01 12:01:14.375000');
INSERT INTO "events" VALUES(47,2,14,'trial_shown',0,'practice','t0014',NULL,'2025-03-01 12:01:14.375000');
INSERT INTO "events" VALUES(48,2,15,'training_left',0,'practice','t0014',637.5,'2025-03-01 12:01:16.500000');
INSERT INTO "events" VALUES(49,2,16,'trial_shown',0,'practice','t0015',NULL,'2025-03-01 12:01:16.500000');
INSERT INTO "events" VALUES(50,2,17,'trial_shown',0,'practice','t0016',NULL,'2025-03-01 12:01:18.625000');
INSERT INTO "events" VALUES(51,2,18,'reservoir_opened',0,'practice','t0016',1500.0,'2025-03-01 12:01:20.750000');
INSERT INTO "events" VALUES(52,2,19,'trial_shown',0,'practice','t0017',NULL,'2025-03-01 12:01:20.750000');
INSERT INTO "events" VALUES(53,2,20,'trial_shown',0,'practice','t0018',NULL,'2025-03-01 12:01:22.875000');
INSERT INTO "events" VALUES(54,2,21,'practice_failed',0,'practice',NULL,NULL,'2025-03-01 12:01:25.000000');
INSERT INTO "events" VALUES(55,2,22,'screened_out',0,'end',NULL,NULL,'2025-03-01 12:01:25.000000');
INSERT INTO "events" VALUES(56,3,1,'consented',0,'consent',NULL,NULL,'2025-03-01 12:01:27.125000');
INSERT INTO "events" VALUES(57,3,2,'trial_shown',0,'practice','t0013',NULL,'2025-03-01 12:01:31.375000');
INSERT INTO "events" VALUES(58,3,3,'training_left',0,'practice','t0013',537.5,'2025-03-01 12:01:33.500000');
INSERT INTO "events" VALUES(59,3,4,'trial_shown',0,'practice','t0014',NULL,'2025-03-01 12:01:33.500000');
INSERT INTO "events" VALUES(60,3,5,'training_left',0,'practice','t0014',550.0,'2025-03-01 12:01:35.625000');
INSERT INTO "events" VALUES(61,3,6,'trial_shown',0,'practice','t0015',NULL,'2025-03-01 12:01:35.625000');
INSERT INTO "events" VALUES(62,3,7,'trial_shown',0,'practice','t0016',NULL,'2025-03-01 12:01:37.750000');
INSERT INTO "events" VALUES(63,3,8,'reservoir_opened',0,'practice','t0016',1500.0,'2025-03-01 12:01:39.875000');
INSERT INTO "events" VALUES(64,3,9,'trial_shown',0,'practice','t0017',NULL,'2025-03-01 12:01:39.875000');
INSERT INTO "events" VALUES(65,3,10,'trial_shown',0,'practice','t0018',NULL,'2025-03-01 12:01:42.000000');
INSERT INTO "events" VALUES(66,3,11,'practice_passed',0,'practice',NULL,NULL,'2025-03-01 12:01:44.125000');
INSERT INTO "events" VALUES(67,3,12,'quiz_passed',0,'quiz',NULL,NULL,'2025-03-01 12:01:48.375000');
INSERT INTO "events" VALUES(68,3,13,'assigned',0,'quiz',NULL,NULL,'2025-03-01 12:01:48.375000');
INSERT INTO "events" VALUES(69,3,14,'trial_shown',1,'training','t0000',NULL,'2025-03-01 12:01:50.500000');
INSERT INTO "events" VALUES(70,3,15,'training_left',1,'training','t0000',650.0,'2025-03-01 12:01:52.625000');
INSERT INTO "events" VALUES(71,3,16,'trial_shown',1,'training','t0001',NULL,'2025-03-01 12:01:52.625000');
INSERT INTO "events" VALUES(72,3,17,'training_left',1,'training','t0001',662.5,'2025-03-01 12:01:54.750000');
INSERT INTO "events" VALUES(73,3,18,'trial_shown',1,'training','t0002',NULL,'2025-03-01 12:01:54.750000');
INSERT INTO "events" VALUES(74,3,19,'training_left',1,'training','t0002',675.0,'2025-03-01 12:01:56.875000');
INSERT INTO "events" VALUES(75,3,20,'trial_shown',1,'training','t0003',NULL,'2025-03-01 12:01:56.875000');
INSERT INTO "events" VALUES(76,3,21,'training_left',1,'training','t0003',687.5,'2025-03-01 12:01:59.000000');
INSERT INTO "events" VALUES(77,3,22,'trial_shown',1,'training','t0004',NULL,'2025-03-01 12:01:59.000000');
INSERT INTO "events" VALUES(78,3,23,'training_left',1,'training','t0004',700.0,'2025-03-01 12:02:01.125000');
INSERT INTO "events" VALUES(79,3,24,'trial_shown',1,'test','t0005',NULL,'2025-03-01 12:02:01.125000');
INSERT INTO "events" VALUES(80,4,1,'consented',0,'consent',NULL,NULL,'2025-03-01 12:02:03.250000');
INSERT INTO "events" VALUES(81,4,2,'trial_shown',0,'practice','t0013',NULL,'2025-03-01 12:02:07.500000');
INSERT INTO "events" VALUES(82,4,3,'training_left',0,'practice','t0013',NULL,'2025-03-01 12:02:09.625000');
INSERT INTO "events" VALUES(83,4,4,'trial_shown',0,'practice','t0014',NULL,'2025-03-01 12:02:09.625000');
INSERT INTO "events" VALUES(84,4,5,'training_left',0,'practice','t0014',NULL,'2025-03-01 12:02:11.750000');
INSERT INTO "events" VALUES(85,4,6,'trial_shown',0,'practice','t0015',NULL,'2025-03-01 12:02:11.750000');
INSERT INTO "events" VALUES(86,4,7,'trial_shown',0,'practice','t0016',NULL,'2025-03-01 12:02:13.875000');
INSERT INTO "events" VALUES(87,4,8,'trial_shown',0,'practice','t0017',NULL,'2025-03-01 12:02:16.000000');
INSERT INTO "events" VALUES(88,4,9,'trial_shown',0,'practice','t0018',NULL,'2025-03-01 12:02:18.125000');
INSERT INTO "events" VALUES(89,4,10,'practice_passed',0,'practice',NULL,NULL,'2025-03-01 12:02:20.250000');
INSERT INTO "events" VALUES(90,4,11,'quiz_passed',0,'quiz',NULL,NULL,'2025-03-01 12:02:24.500000');
INSERT INTO "events" VALUES(91,4,12,'assigned',0,'quiz',NULL,NULL,'2025-03-01 12:02:24.500000');
INSERT INTO "events" VALUES(92,4,13,'trial_shown',1,'training','t0000',NULL,'2025-03-01 12:02:26.625000');
INSERT INTO "events" VALUES(93,4,14,'training_left',1,'training','t0000',NULL,'2025-03-01 12:02:28.750000');
INSERT INTO "events" VALUES(94,4,15,'trial_shown',1,'training','t0001',NULL,'2025-03-01 12:02:28.750000');
INSERT INTO "events" VALUES(95,4,16,'training_left',1,'training','t0001',NULL,'2025-03-01 12:02:30.875000');
INSERT INTO "events" VALUES(96,4,17,'trial_shown',1,'training','t0002',NULL,'2025-03-01 12:02:30.875000');
INSERT INTO "events" VALUES(97,4,18,'training_left',1,'training','t0002',NULL,'2025-03-01 12:02:33.000000');
INSERT INTO "events" VALUES(98,4,19,'trial_shown',1,'training','t0003',NULL,'2025-03-01 12:02:33.000000');
INSERT INTO "events" VALUES(99,4,20,'training_left',1,'training','t0003',NULL,'2025-03-01 12:02:35.125000');
INSERT INTO "events" VALUES(100,4,21,'trial_shown',1,'training','t0004',NULL,'2025-03-01 12:02:35.125000');
INSERT INTO "events" VALUES(101,4,22,'training_left',1,'training','t0004',NULL,'2025-03-01 12:02:37.250000');
INSERT INTO "events" VALUES(102,4,23,'trial_shown',1,'test','t0005',NULL,'2025-03-01 12:02:37.250000');
INSERT INTO "events" VALUES(103,4,24,'trial_shown',1,'test','t0006',NULL,'2025-03-01 12:02:39.375000');
INSERT INTO "events" VALUES(104,4,25,'trial_shown',1,'test','t0007',NULL,'2025-03-01 12:02:41.500000');
INSERT INTO "events" VALUES(105,4,26,'trial_shown',1,'test','t0008',NULL,'2025-03-01 12:02:43.625000');
INSERT INTO "events" VALUES(106,4,27,'trial_shown',1,'test','t0009',NULL,'2025-03-01 12:02:45.750000');
INSERT INTO "events" VALUES(107,4,28,'trial_shown',1,'test','t0010',NULL,'2025-03-01 12:02:47.875000');
INSERT INTO "events" VALUES(108,4,29,'trial_shown',1,'test','t0011',NULL,'2025-03-01 12:02:50.000000');
INSERT INTO "events" VALUES(109,4,30,'trial_shown',1,'test','t0012',NULL,'2025-03-01 12:02:52.125000');
INSERT INTO "events" VALUES(110,4,31,'completed',1,'end',NULL,NULL,'2025-03-01 12:02:54.250000');
CREATE TABLE participations (
	id INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	is_simulated BOOLEAN NOT NULL, 
	simulated_kind VARCHAR(40), 
	status VARCHAR(16) NOT NULL, 
	screened_out_at VARCHAR(16), 
	step VARCHAR(40) NOT NULL, 
	step_at DATETIME NOT NULL, 
	condition VARCHAR, 
	list_name VARCHAR, 
	assignment_number INTEGER, 
	completion_code VARCHAR(16), 
	n_events INTEGER NOT NULL, 
	consented_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_participations PRIMARY KEY (id), 
	CONSTRAINT uq_participations_completion_code UNIQUE (completion_code), 
	CONSTRAINT uq_participations_is_simulated UNIQUE (is_simulated, assignment_number), 
	CONSTRAINT uq_participations_key UNIQUE ("key")
);
INSERT INTO "participations" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaa',0,NULL,'completed',NULL,'debriefing.1.1.0','2025-03-01 12:00:51.000000','baseline','list_a',0,'CODE000001',33,'2025-03-01 12:00:00.000000','2025-03-01 12:00:51.000000');
INSERT INTO "participations" VALUES(2,'bbbbbbbbbbbbbbbbbbbbbbbb',0,NULL,'screened_out','practice','screened-out.0.1.0','2025-03-01 12:01:25.000000',NULL,NULL,NULL,NULL,22,'2025-03-01 12:00:53.125000','2025-03-01 12:01:25.000000');
INSERT INTO "participations" VALUES(3,'cccccccccccccccccccccccc',0,NULL,'in_progress',NULL,'test.1.1.1','2025-03-01 12:02:01.125000','craft','list_a',1,NULL,24,'2025-03-01 12:01:27.125000',NULL);
INSERT INTO "participations" VALUES(4,'dddddddddddddddddddddddd',1,'guesser','completed',NULL,'debriefing.1.1.0','2025-03-01 12:02:54.250000','craft','list_a',0,'CODE000004',31,'2025-03-01 12:02:03.250000','2025-03-01 12:02:54.250000');
CREATE TABLE responses (
	id INTEGER NOT NULL, 
	participation_id INTEGER NOT NULL, 
	step VARCHAR(40) NOT NULL, 
	item VARCHAR NOT NULL, 
	session INTEGER NOT NULL, 
	phase VARCHAR(16) NOT NULL, 
	attempt INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	choice VARCHAR NOT NULL, 
	is_correct BOOLEAN NOT NULL, 
	rt_ms DOUBLE, 
	server_rt_ms DOUBLE NOT NULL, 
	answered_at DATETIME NOT NULL, 
	CONSTRAINT pk_responses PRIMARY KEY (id), 
	CONSTRAINT fk_responses_participation_id FOREIGN KEY(participation_id) REFERENCES participations (id), 
	CONSTRAINT uq_responses_participation_id UNIQUE (participation_id, step, item)
);
INSERT INTO "responses" VALUES(1,1,'test.0.1.1','t0015',0,'practice',1,1,'Square',0,562.5,2125.0,'2025-03-01 12:00:10.625000');
INSERT INTO "responses" VALUES(2,1,'test.0.1.2','t0016',0,'practice',1,2,'Square',1,575.0,2125.0,'2025-03-01 12:00:12.750000');
INSERT INTO "responses" VALUES(3,1,'test.0.1.3','t0017',0,'practice',1,3,'Circle',1,587.5,2125.0,'2025-03-01 12:00:14.875000');
INSERT INTO "responses" VALUES(4,1,'test.0.1.4','t0018',0,'practice',1,4,'Square',1,600.0,2125.0,'2025-03-01 12:00:17.000000');
INSERT INTO "responses" VALUES(5,1,'quiz.0.1.0','task',0,'quiz',1,1,'1',1,NULL,2125.0,'2025-03-01 12:00:21.250000');
INSERT INTO "responses" VALUES(6,1,'quiz.0.1.0','reservoir',0,'quiz',1,2,'0',1,NULL,2125.0,'2025-03-01 12:00:21.250000');
INSERT INTO "responses" VALUES(7,1,'test.1.1.1','t0005',1,'test',1,1,'Husky',1,712.5,2125.0,'2025-03-01 12:00:36.125000');
INSERT INTO "responses" VALUES(8,1,'test.1.1.2','t0006',1,'test',1,2,'Wolf',1,725.0,2125.0,'2025-03-01 12:00:38.250000');
INSERT INTO "responses" VALUES(9,1,'test.1.1.3','t0007',1,'test',1,3,'Husky',1,737.5,2125.0,'2025-03-01 12:00:40.375000');
INSERT INTO "responses" VALUES(10,1,'test.1.1.4','t0008',1,'test',1,4,'Husky',0,750.0,2125.0,'2025-03-01 12:00:42.500000');
INSERT INTO "responses" VALUES(11,1,'test.1.1.5','t0009',1,'test',1,5,'Husky',1,762.5,2125.0,'2025-03-01 12:00:44.625000');
INSERT INTO "responses" VALUES(12,1,'test.1.1.6','t0010',1,'test',1,6,'Wolf',1,775.0,2125.0,'2025-03-01 12:00:46.750000');
INSERT INTO "responses" VALUES(13,1,'test.1.1.7','t0011',1,'test',1,7,'Husky',1,787.5,2125.0,'2025-03-01 12:00:48.875000');
INSERT INTO "responses" VALUES(14,1,'test.1.1.8','t0012',1,'test',1,8,'Wolf',1,800.0,2125.0,'2025-03-01 12:00:51.000000');
INSERT INTO "responses" VALUES(15,2,'test.0.1.1','t0015',0,'practice',1,1,'Square',0,562.5,2125.0,'2025-03-01 12:01:03.750000');
INSERT INTO "responses" VALUES(16,2,'test.0.1.2','t0016',0,'practice',1,2,'Circle',0,575.0,2125.0,'2025-03-01 12:01:05.875000');
INSERT INTO "responses" VALUES(17,2,'test.0.1.3','t0017',0,'practice',1,3,'Square',0,587.5,2125.0,'2025-03-01 12:01:08.000000');
INSERT INTO "responses" VALUES(18,2,'test.0.1.4','t0018',0,'practice',1,4,'Circle',0,600.0,2125.0,'2025-03-01 12:01:10.125000');
INSERT INTO "responses" VALUES(19,2,'test.0.2.1','t0015',0,'practice',2,1,'Square',0,650.0,2125.0,'2025-03-01 12:01:18.625000');
INSERT INTO "responses" VALUES(20,2,'test.0.2.2','t0016',0,'practice',2,2,'Circle',0,662.5,2125.0,'2025-03-01 12:01:20.750000');
INSERT INTO "responses" VALUES(21,2,'test.0.2.3','t0017',0,'practice',2,3,'Square',0,675.0,2125.0,'2025-03-01 12:01:22.875000');
INSERT INTO "responses" VALUES(22,2,'test.0.2.4','t0018',0,'practice',2,4,'Circle',0,687.5,2125.0,'2025-03-01 12:01:25.000000');
INSERT INTO "responses" VALUES(23,3,'test.0.1.1','t0015',0,'practice',1,1,'Circle',1,562.5,2125.0,'2025-03-01 12:01:37.750000');
INSERT INTO "responses" VALUES(24,3,'test.0.1.2','t0016',0,'practice',1,2,'Square',1,575.0,2125.0,'2025-03-01 12:01:39.875000');
INSERT INTO "responses" VALUES(25,3,'test.0.1.3','t0017',0,'practice',1,3,'Circle',1,587.5,2125.0,'2025-03-01 12:01:42.000000');
INSERT INTO "responses" VALUES(26,3,'test.0.1.4','t0018',0,'practice',1,4,'Square',1,600.0,2125.0,'2025-03-01 12:01:44.125000');
INSERT INTO "responses" VALUES(27,3,'quiz.0.1.0','task',0,'quiz',1,1,'1',1,NULL,2125.0,'2025-03-01 12:01:48.375000');
INSERT INTO "responses" VALUES(28,3,'quiz.0.1.0','reservoir',0,'quiz',1,2,'0',1,NULL,2125.0,'2025-03-01 12:01:48.375000');
INSERT INTO "responses" VALUES(29,4,'test.0.1.1','t0015',0,'practice',1,1,'Circle',1,NULL,2125.0,'2025-03-01 12:02:13.875000');
INSERT INTO "responses" VALUES(30,4,'test.0.1.2','t0016',0,'practice',1,2,'Square',1,NULL,2125.0,'2025-03-01 12:02:16.000000');
INSERT INTO "responses" VALUES(31,4,'test.0.1.3','t0017',0,'practice',1,3,'Circle',1,NULL,2125.0,'2025-03-01 12:02:18.125000');
INSERT INTO "responses" VALUES(32,4,'test.0.1.4','t0018',0,'practice',1,4,'Circle',0,NULL,2125.0,'2025-03-01 12:02:20.250000');
INSERT INTO "responses" VALUES(33,4,'quiz.0.1.0','task',0,'quiz',1,1,'1',1,NULL,2125.0,'2025-03-01 12:02:24.500000');
INSERT INTO "responses" VALUES(34,4,'quiz.0.1.0','reservoir',0,'quiz',1,2,'0',1,NULL,2125.0,'2025-03-01 12:02:24.500000');
INSERT INTO "responses" VALUES(35,4,'test.1.1.1','t0005',1,'test',1,1,'Husky',1,NULL,2125.0,'2025-03-01 12:02:39.375000');
INSERT INTO "responses" VALUES(36,4,'test.1.1.2','t0006',1,'test',1,2,'Wolf',1,NULL,2125.0,'2025-03-01 12:02:41.500000');
INSERT INTO "responses" VALUES(37,4,'test.1.1.3','t0007',1,'test',1,3,'Husky',1,NULL,2125.0,'2025-03-01 12:02:43.625000');
INSERT INTO "responses" VALUES(38,4,'test.1.1.4','t0008',1,'test',1,4,'Husky',0,NULL,2125.0,'2025-03-01 12:02:45.750000');
INSERT INTO "responses" VALUES(39,4,'test.1.1.5','t0009',1,'test',1,5,'Husky',1,NULL,2125.0,'2025-03-01 12:02:47.875000');
INSERT INTO "responses" VALUES(40,4,'test.1.1.6','t0010',1,'test',1,6,'Wolf',1,NULL,2125.0,'2025-03-01 12:02:50.000000');
INSERT INTO "responses" VALUES(41,4,'test.1.1.7','t0011',1,'test',1,7,'Husky',1,NULL,2125.0,'2025-03-01 12:02:52.125000');
INSERT INTO "responses" VALUES(42,4,'test.1.1.8','t0012',1,'test',1,8,'Husky',0,NULL,2125.0,'2025-03-01 12:02:54.250000');
CREATE TABLE studies (
	id INTEGER NOT NULL, 
	manifest_sha256 VARCHAR(64) NOT NULL, 
	answers_sha256 VARCHAR(64) NOT NULL, 
	bundle_path VARCHAR NOT NULL, 
	assignment_seed INTEGER NOT NULL, 
	secret_key VARCHAR(128) NOT NULL, 
	admin_password_hash VARCHAR(256), 
	CONSTRAINT pk_studies PRIMARY KEY (id)
);
INSERT INTO "studies" VALUES(1,'968cf1dc887d789174efd5480be9f3e8fdc32f0029c81c8bc703950fb93e5251','44a6e741855a9f768d961fbf83a8d44a7a1cfb4cf837cda5747134392d7f63bb','bundle',11,'5555555555555555555555555555555555555555555555555555555555555555',NULL);
COMMIT;
